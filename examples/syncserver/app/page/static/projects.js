// The private projects of a user, and their members. Projects are made and members changed only
// online, because the server decides and keeps no such wishes waiting.

import { bucketOf, newProject } from './buckets.js';
import { setText } from './dom.js';
import { oneLine } from './draft.js';
import { Field } from './field.js';
import { Offline } from './syncstate.js';
import { projectName } from './words.js';

export class Projects {
  #rows = new Map(); // by project
  #asking = 0; // requests that are under way or wait for their turn
  #turn = Promise.resolve(); // ends with the last of them

  /**
   * @param {{who, part, news, tell}} panel news gets the changes that the user makes here, and tell
   * shows a notice
   */
  constructor(replica, sync, { who, part, news, tell }) {
    Object.assign(this, { replica, sync, who, part, news, tell });
    part['new-project'].addEventListener('submit', (event) => {
      event.preventDefault();
      this.#make(oneLine(part['project-name'].value));
    });
    part.projects.addEventListener('toggle', () => part.projects.open && sync.refresh());
    sync.addEventListener('state', () => this.draw());
  }

  draw() {
    const { replica, part } = this;
    const all = replica.membership.projects.sort((a, b) => (projectName(replica, a) < projectName(replica, b) ? -1 : 1));
    setText(part['projects-text'], all.length === 0 ? 'Projects' : `Projects (${all.length})`);
    setText(part['projects-note'], this.#note());
    part['projects-note'].dataset.tone = this.sync.reaches ? '' : 'bad';
    for (const control of part['new-project'].elements) control.disabled = !this.sync.reaches;
    for (const [project, row] of this.#rows) {
      if (all.includes(project)) continue;
      if (row.element.contains(document.activeElement)) part.projects.querySelector('summary').focus(); // otherwise the focus would be lost
      row.element.remove();
      this.#rows.delete(project);
    }
    if (all.length > 0) this.#drawRows(all);
  }

  // Few users have private projects, so their script is loaded for the first one. The next change tries again if it cannot
  // be loaded.
  #drawRows(all) {
    if (!this.late) return this.#load();
    all.forEach((project, i) => {
      if (!this.#rows.has(project)) this.#rows.set(project, this.#row(project));
      const row = this.#rows.get(project);
      row.draw(this.sync.reaches);
      if (this.part['projects-list'].children[i] !== row.element) this.part['projects-list'].insertBefore(row.element, this.part['projects-list'].children[i] ?? null);
    });
  }

  async #load() {
    if (this.loading) return;
    this.loading = true;
    this.late = await import('./project.js').catch(() => null);
    this.loading = false;
    if (this.late) this.draw();
  }

  #row(project) {
    const { replica, who } = this;
    return new this.late.Project(replica, who, { project, Field, change: (change) => this.#change(change) });
  }

  #note() {
    if (this.#asking > 0) return 'Asking the server…';
    if (this.sync.reaches) return 'Only its members see a private project and its tasks. Everything else is for everyone.';
    const why = this.replica.device.online ? 'The server cannot be reached' : 'This device is offline';
    return `${why}. Projects can be made, and members changed, only online.`;
  }

  async #make(name) {
    if (name === '' || this.#asking > 0) return;
    const { replica, part } = this;
    const project = newProject(replica.newId());
    const made = await this.#change({ project, user: replica.membership.user, role: 'owner' });
    if (!made || !replica.edit('projects', project, { name })) return; // the text stays
    part['project-name'].value = '';
  }

  // #change asks the server to change a membership, after all earlier changes: the arrow keys choose
  // one role after the other. It reports whether the server did.
  async #change({ project, user, role }) {
    const before = this.#turn;
    let done;
    this.#turn = new Promise((resolve) => (done = resolve));
    this.#asking++;
    this.draw();
    try {
      await before;
      await this.news.own(project, () => this.sync.changeMember({ user, bucket: bucketOf(project), role }));
      return true;
    } catch (error) {
      this.tell({ kind: 'not_granted', detail: error.name === 'Refused' || error instanceof Offline ? error.message : '' });
      return false;
    } finally {
      this.#asking--;
      done();
      this.draw();
    }
  }
}
