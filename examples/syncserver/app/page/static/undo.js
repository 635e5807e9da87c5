// Undoes edits of one side: an ordinary write of the value from before, only where the edit still stands.

import { fieldName, fieldNames, isTag, isVote, titleOf, valueOf } from './words.js';

const MOST = 50; // edits that can be undone

export class Undo {
  #edits = []; // the newest last, each with the data of the record before and after it
  #undoing = false;
  #drawing = 0;

  /** @param {{button: HTMLButtonElement, panel: HTMLElement, who: Function, notices: import('./notices.js').Notices}} page */
  constructor(replica, { button, panel, who, notices }) {
    Object.assign(this, { replica, button, panel, who, notices });
    for (const type of ['change', 'erased']) replica.addEventListener(type, () => (this.#drawing ||= setTimeout(() => this.draw())));
    button.addEventListener('click', () => this.undo());
    panel.addEventListener('keydown', (event) => {
      const undoes = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === 'z';
      if (!undoes || this.#edits.length === 0 || event.target.matches('input, textarea, select')) return; // a control undoes what was typed
      event.preventDefault();
      this.undo();
    });
  }

  /** remember takes an edit of a record. */
  remember({ table, id, fields, before, after }) {
    if (this.#undoing) return;
    this.#edits.push({ table, id, fields, before, after });
    this.#edits.splice(0, this.#edits.length - MOST);
    this.draw();
  }

  draw() {
    clearTimeout(this.#drawing);
    this.#drawing = 0;
    this.#edits = this.#edits.filter((edit) => this.#view(edit)); // nothing is kept of a record that has left
    while (this.#edits.length > 0 && this.#isReplaced(this.#edits.at(-1))) this.#edits.pop();
    const last = this.#edits.at(-1);
    if (!last && this.button.contains(document.activeElement)) this.panel.focus({ preventScroll: true }); // otherwise the focus would be lost
    this.button.hidden = !last;
    const label = last ? `Undo: ${this.#what(last)}` : 'Undo'; // a hidden button keeps nothing of a record either
    this.button.title = label;
    this.button.setAttribute('aria-label', label);
  }

  /** undo undoes the last edit, in the fields that no other device has written since. */
  undo() {
    const edit = this.#edits.pop();
    const view = edit && this.#view(edit);
    if (!view) return this.draw();
    const { table, id, fields, before, after } = edit;
    const standing = fields.filter((field) => this.#stands(field, view.data[field], after[field]));
    this.#undoing = true;
    const undone = standing.flatMap((field) => this.#back(field, before[field]));
    if (undone.length > 0) this.replica.edit(table, id, Object.fromEntries(undone));
    this.#undoing = false;
    const since = fields.find((field) => !standing.includes(field));
    if (since) this.#tellLeft(since, view);
    this.draw();
  }

  #tellLeft(field, view) {
    const what = field === 'position' ? 'moved' : field !== '$deleted' ? `changed the ${fieldName(field)} of` : view.deleted ? 'deleted' : 'restored';
    const { name } = this.who(view.data[field]?.clientId);
    this.notices.add(`Not undone: ${name} has ${what} ${titleOf(view)} since.`, { kind: 'not_undone', passing: true });
  }

  #view({ table, id }) {
    return this.replica.tables[table]?.get(id);
  }

  // #isReplaced reports whether the user has written all fields of an edit again. Then there is nothing to undo, and no one
  // else to name.
  #isReplaced({ table, id, fields, after }) {
    const { data } = this.#view({ table, id });
    return fields.every((field) => data[field]?.clientId === this.replica.device.clientId && !this.#stands(field, data[field], after[field]));
  }

  // An edit that was undone, or stamped again, has another stamp than at first.
  #stands(field, now, wrote) {
    return now !== undefined && now.clientId === this.replica.device.clientId && valueOf(field, now) === valueOf(field, wrote);
  }

  // #back returns the fields that bring back an earlier write, for Replica.edit. A vote that was reset counts again under a
  // new name, because each name is used once. A tag or a vote of a wrong form stays away.
  #back(field, write) {
    if (field === '$deleted') return [[field, write?.value === true]];
    if (!write || write.deleted) return [[field, null]];
    if (isVote(field)) return typeof write.value === 'number' ? [[`votes/${this.replica.newId()}`, write.value]] : [];
    return isTag(field) && write.value !== true ? [] : [[field, write.value]];
  }

  #what(edit) {
    const title = titleOf(this.#view(edit));
    if (edit.fields.includes('$deleted')) return `${edit.after.$deleted?.value ? 'deleting' : 'restoring'} ${title}`;
    if (edit.fields.includes('position')) return `moving ${title}`;
    return `the ${fieldNames(edit.fields)} of ${title}`;
  }
}

