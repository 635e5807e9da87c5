// A task on the board.

import { element, options } from './dom.js';
import { Field } from './field.js';
import { mayChange, projectOf, targets } from './membership.js';
import { labelStop, oneStop } from './stop.js';
import { TaskNotes } from './tasknotes.js';
import { TaskTags } from './tasktags.js';
import { keepsHistory, showHistory } from './why.js';
import { statuses, titleOf, value } from './words.js';

/** statusOf returns the column of a task. */
export const statusOf = (view) => (statuses.some(([s]) => s === value(view, 'status')) ? value(view, 'status') : 'todo');

export class Card {
  constructor(replica, who) {
    this.replica = replica;
    this.who = who;
    const title = element('textarea', { class: 'value title', rows: 1, 'data-testid': 'task-title', spellcheck: 'false', dir: 'auto' });
    const due = element('input', { class: 'value', type: 'date', 'data-testid': 'task-due', max: '9999-12-31' });
    const assignee = element('input', { class: 'value', list: 'people', placeholder: 'Nobody', maxlength: 60, autocomplete: 'off', dir: 'auto', 'data-testid': 'task-assignee' });
    const status = element('select', { class: 'value', 'data-testid': 'task-status' }, ...statuses.map(([s, name]) => element('option', { value: s }, name)));
    const project = element('select', { class: 'value', 'data-testid': 'task-project' });
    this.title = title;
    this.project = project;
    this.fields = [
      new Field(replica, who, 'title', title, { required: true }),
      new Field(replica, who, 'due', due),
      new Field(replica, who, 'assignee', assignee),
      new Field(replica, who, 'status', status, { toText: () => statusOf(this.view) }),
      new Field(replica, who, 'project', project, { toText: () => projectOf(this.view) }),
    ];
    this.notes = new TaskNotes(replica, who);
    const [titleMark, dueMark, assigneeMark, statusMark, projectMark] = this.fields.map((f) => f.mark.element);
    this.tags = new TaskTags(replica);
    this.fields.push(this.notes.field, this.tags);
    this.remove = element('button', { type: 'button', class: 'act remove', 'data-testid': 'task-delete', onclick: () => this.#delete(replica) }, '×');
    this.history = element('button', { type: 'button', class: 'act', 'data-testid': 'task-history', title: 'History', hidden: !keepsHistory(), onclick: () => showHistory({ replica, who, view: this.view, field: 'title', from: this.history }) }, '⋯');
    this.handle = element('button', { type: 'button', class: 'act handle', 'data-testid': 'task-move', title: 'Drag it, or use the arrow keys' }, '⠿');
    this.fixed = element('span', { class: 'fixed', 'data-testid': 'read-only', hidden: true }, 'Read only');
    this.where = element('div', { class: 'line', hidden: true }, element('span', { class: 'what' }, 'In'), project, projectMark);
    this.element = element('li', { class: 'card', 'data-testid': 'task' },
      element('div', { class: 'line first' }, title, titleMark),
      element('div', { class: 'line' }, element('span', { class: 'what' }, 'Due'), due, dueMark),
      element('div', { class: 'line' }, element('span', { class: 'what' }, 'Who'), assignee, assigneeMark, this.notes.button, this.tags.control, this.history),
      this.where,
      this.tags.line,
      this.notes.line,
      element('div', { class: 'line last' }, this.handle, status, statusMark, this.fixed, this.remove));
    oneStop(this.element, title);
    this.element.addEventListener('animationend', () => this.element.classList.remove('fresh'));
  }

  /** typing reports whether a field of the card is being edited. */
  get typing() {
    return this.fields.some((field) => field.draft.typing);
  }

  /** leave writes unsaved text before the card is removed. */
  leave() {
    for (const field of this.fields) field.draft.leave();
  }

  draw(view) {
    this.view = view;
    this.element.dataset.id = view.id;
    this.element.dataset.waiting = view.waiting.length > 0;
    this.#drawProjects(view);
    this.#lock(!mayChange(this.replica, view));
    for (const field of this.fields) {
      field.draw(view);
      const label = { title: 'Title', due: 'Due date', assignee: 'Assignee', status: 'Status', project: 'Project', notes: 'Notes', tags: 'Tags and votes' }[field.name];
      field.control.setAttribute('aria-label', field.name === 'title' ? label : `${label} of ${titleOf(view)}`);
    }
    this.notes.draw(view);
    this.history.setAttribute('aria-label', `History of ${titleOf(view)}`);
    this.remove.setAttribute('aria-label', `Delete ${titleOf(view)}`);
    this.handle.setAttribute('aria-label', `Move ${titleOf(view)}`);
    this.remove.title = 'Delete';
    labelStop(this.element, titleOf(view));
  }

  // The list is shown once there is a private project. It does not change while it is open.
  #drawProjects(view) {
    const current = projectOf(view);
    const all = targets(this.replica, current);
    this.where.hidden = all.length === 1 && current === '';
    if (!this.fields.find((f) => f.control === this.project).draft.typing) options(this.project, all);
  }

  // A user who may only read a task gets no control that would change it.
  #lock(fixed) {
    const focused = fixed && this.element.contains(document.activeElement);
    for (const field of this.fields) field.lock(fixed ? 'you may only read its project' : '');
    this.handle.hidden = this.remove.hidden = fixed;
    this.fixed.hidden = !fixed;
    if (focused && !this.element.contains(document.activeElement)) this.title.focus(); // a disabled control has lost the focus
  }

  /** flash highlights a changed card for a moment, in the colour of the last author. */
  flash() {
    const writes = Object.values(this.view.data);
    const last = writes.reduce((a, b) => (b.updatedAt > a.updatedAt ? b : a));
    this.element.dataset.side = this.who(last.clientId).side;
    this.element.classList.add('fresh');
  }

  #delete(replica) {
    const next = this.element.nextElementSibling ?? this.element.previousElementSibling;
    replica.edit('tasks', this.view.id, { $deleted: true });
    next?.querySelector('.title')?.focus(); // otherwise the focus would be lost
  }
}
