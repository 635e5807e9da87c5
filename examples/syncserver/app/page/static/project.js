// One private project: its name, and its members.

import { element, options, setText } from './dom.js';
import { projectName } from './words.js';

const ROLES = [['reader', 'Reader'], ['writer', 'Writer'], ['owner', 'Owner']];
const OWN = {
  reader: 'You can read its tasks, but not change them.',
  writer: 'You can change its tasks.',
  owner: 'You own it: you can change its tasks and decide who is in it.',
};

export class Project {
  #from = ''; // the data from which the members were drawn

  /**
   * @param {{project: string, Field, change: (change: {project: string, user: string, role: string}) => Promise<boolean>}} how
   * Field is the class of the page, which knows the drafts of all fields; change changes a member, and the role '' takes
   * the membership away
   */
  constructor(replica, who, { project, Field, change }) {
    Object.assign(this, { replica, who, project, change });
    const name = element('input', { class: 'value title', maxlength: 60, autocomplete: 'off', dir: 'auto', 'data-testid': 'project-title' });
    this.name = new Field(replica, who, 'name', name, { required: true });
    this.own = element('p', { 'data-testid': 'own-role' });
    this.list = element('ul', { class: 'members' });
    this.person = element('select', { 'data-focus': 'person', 'data-testid': 'new-member' });
    this.role = element('select', { 'data-focus': 'role', 'data-testid': 'new-role', 'aria-label': 'Role of the new member' }, ...ROLES.map(([value, text]) => element('option', { value }, text)));
    this.add = element('form', { class: 'row', onsubmit: (event) => this.#add(event) }, this.person, this.role, element('button', { type: 'submit', 'data-testid': 'add-member' }, 'Add'));
    this.element = element('li', { class: 'project', 'data-testid': 'project', 'data-id': project },
      element('div', { class: 'line' }, name, this.name.mark.element), this.own, this.list, this.add);
  }

  /** @param {boolean} reaches whether the server can be asked now */
  draw(reaches) {
    this.reaches = reaches;
    const { membership, tables } = this.replica;
    const view = tables.projects.get(this.project) ?? { table: 'projects', id: this.project, data: {} };
    const role = membership.roleIn(this.project);
    const name = projectName(this.replica, this.project);
    this.name.lock(membership.mayWrite(this.project) ? '' : 'you may only read this project');
    this.name.draw(view);
    this.name.control.setAttribute('aria-label', `Name of ${name}`);
    this.element.setAttribute('aria-label', name);
    setText(this.own, OWN[role] ?? OWN.reader);
    this.#drawMembers(reaches, role === 'owner', name);
  }

  #drawMembers(reaches, owns, name) {
    const { membership } = this.replica;
    const members = membership.membersOf(this.project).map((m) => ({ ...m, name: this.#nameOf(m.user) }));
    const free = membership.everyone.filter((user) => !members.some((m) => m.user === user)).map((user) => [user, this.#nameOf(user)]);
    free.sort(([, a], [, b]) => (a < b ? -1 : 1));
    this.add.hidden = !owns || !reaches;
    options(this.person, free.length > 0 ? free : [['', 'No one else']]);
    this.person.setAttribute('aria-label', `New member of ${name}`);
    this.person.disabled = free.length === 0;
    const from = JSON.stringify([reaches, owns, name, members]);
    if (from === this.#from) return;
    this.#from = from;
    const focused = this.list.contains(document.activeElement) && document.activeElement.dataset.focus;
    this.list.replaceChildren(...members.map((member) => this.#row(member, members, { reaches, owns, name })));
    if (focused) (this.list.querySelector(`[data-focus="${CSS.escape(focused)}"]`) ?? this.name.control).focus();
  }

  #row({ user, name, role }, members, { reaches, owns, name: project }) {
    const own = user === this.replica.membership.user;
    const stays = role === 'owner' && members.filter((m) => m.role === 'owner').length === 1; // the last owner
    const roleName = ROLES.find(([r]) => r === role)?.[1] ?? role;
    const list = element('select', { 'data-focus': `role/${user}`, 'data-testid': 'member-role', 'aria-label': `Role of ${name} in ${project}` }, ...ROLES.map(([value, text]) => element('option', { value }, text)));
    list.value = role;
    list.addEventListener('change', () => this.#change(user, list.value));
    const take = element('button', { type: 'button', 'data-focus': `take/${user}`, 'data-testid': 'take', 'aria-label': own ? `Leave ${project}` : `Take ${name} out of ${project}`, onclick: () => this.#change(user, '') }, own ? 'Leave' : '×');
    return element('li', { 'data-testid': 'member' }, element('span', {}, own ? `${name} (you)` : name),
      reaches && owns && !stays ? list : element('span', { class: 'fixed' }, roleName),
      reaches && (owns || own) && !stays ? take : null);
  }

  #nameOf(user) {
    return user === this.replica.membership.user ? this.who(this.replica.device.clientId).name : this.who(user).name;
  }

  #add(event) {
    event.preventDefault();
    if (this.person.value !== '') this.#change(this.person.value, this.role.value);
  }

  // If the server refuses, the list shows the present role again.
  async #change(user, role) {
    if (await this.change({ project: this.project, user, role })) return;
    this.#from = '';
    this.draw(this.reaches);
  }
}
