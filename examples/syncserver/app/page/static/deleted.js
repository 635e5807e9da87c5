// The deleted records of a table, each with a button to restore it.

import { element } from './dom.js';
import { mayChange } from './membership.js';
import { Mark } from './why.js';
import { titleOf } from './words.js';

const STEP = 25; // records listed at first, and added by "show more"

export class Deleted {
  #limit = STEP;
  #views = [];

  /** @param {HTMLDetailsElement} box @param {string} name of the list */
  constructor(replica, who, box, table, name) {
    this.replica = replica;
    this.who = who;
    this.box = box;
    this.table = table;
    this.summary = element('summary', { 'data-testid': `deleted-${table}` });
    this.list = element('ul');
    this.name = name;
    box.append(this.summary, this.list);
    box.addEventListener('toggle', () => this.#list());
  }

  draw() {
    const deletedAt = (view) => view.data.$deleted.updatedAt;
    this.#views = [...this.replica.tables[this.table].values()].filter((v) => v.deleted)
      .sort((a, b) => (deletedAt(a) < deletedAt(b) ? 1 : -1)); // newest deletion first
    const isEmpty = this.#views.length === 0;
    if (isEmpty && this.box.contains(document.activeElement)) this.box.closest('.panel').focus({ preventScroll: true }); // otherwise the focus would be lost
    this.box.hidden = isEmpty;
    this.summary.textContent = `${this.name} (${this.#views.length})`;
    this.#list();
  }

  #list() {
    if (!this.box.open) return this.list.replaceChildren();
    const hadFocus = this.list.contains(document.activeElement);
    const rows = this.#views.slice(0, this.#limit).map((view) => this.#row(view));
    if (this.#views.length > this.#limit) {
      const more = () => {
        this.#limit += STEP;
        this.#list();
      };
      rows.push(element('li', {}, element('button', { type: 'button', class: 'more', onclick: more }, `Show more (${this.#views.length} in all)`)));
    }
    this.list.replaceChildren(...rows);
    if (hadFocus) this.summary.focus();
  }

  #row(view) {
    const mark = new Mark(this.replica, this.who, '$deleted');
    mark.draw(view);
    const restore = () => this.replica.edit(this.table, view.id, { $deleted: false });
    return element('li', { 'data-testid': 'deleted' }, element('span', {}, titleOf(view)), mark.element,
      !mayChange(this.replica, view) ? element('span', { class: 'fixed' }, 'Read only') : element('button', { type: 'button', 'data-testid': 'restore', 'aria-label': `Restore ${titleOf(view)}`, onclick: restore }, 'Restore'));
  }
}
