// The task board: three columns, and the deleted tasks below. The page contains only the beginning
// of a long column.

import { Card, statusOf } from './card.js';
import { Deleted } from './deleted.js';
import { attempt, element, options, setText } from './dom.js';
import { oneLine } from './draft.js';
import { targets } from './membership.js';
import { hasPositions, ordered } from './positions.js';
import { forget, remember } from './typed.js';
import { statuses } from './words.js';

const STEP = 25; // cards shown at first, and added by "show more"

export class Board {
  #cards = new Map();

  constructor(replica, who, part) {
    this.replica = replica;
    this.who = who;
    this.part = part;
    this.columns = statuses.map(([status, name]) => this.#column(status, name));
    part.board.append(...this.columns.map((c) => c.element));
    this.deleted = new Deleted(replica, who, part['deleted-tasks'], 'tasks', 'Deleted tasks');
    const unwritten = `${replica.side}/task`;
    remember(part['add-title'], unwritten);
    part.add.addEventListener('focusin', () => this.#readyToAdd());
    part.add.addEventListener('submit', async (event) => {
      event.preventDefault();
      await this.#readyToAdd();
      const title = oneLine(part['add-title'].value);
      if (title && !this.#add(title)) return; // the text stays, to be added later
      part['add-title'].value = '';
      forget(unwritten);
    });
    for (const type of ['focusin', 'pointerdown', 'keydown']) part.board.addEventListener(type, (event) => event.target.matches('.handle') && this.#move(event));
  }

  #column(status, name) {
    const count = element('span', { class: 'count' }, '0');
    const list = element('ul', { class: 'cards', 'aria-label': name });
    const more = element('button', { type: 'button', class: 'more', 'data-testid': 'show-more', hidden: true });
    const column = { status, count, list, more, limit: STEP };
    more.addEventListener('click', () => {
      const first = column.limit;
      column.limit += STEP;
      this.draw([]);
      list.children[first]?.querySelector('.title')?.focus();
    });
    column.element = element('div', { class: 'column', role: 'group', 'data-testid': `column-${status}`, 'aria-label': name },
      element('h4', {}, name, count), element('div', { class: 'cards-box' }, list, more));
    return column;
  }

  #add(title) {
    const project = this.part['add-project'].value;
    const fields = { title, status: 'todo', ...(project && { project }), ...(this.#needsPosition() && this.moves?.onTop()) };
    if (this.replica.membership.mayWrite(project)) return this.replica.edit('tasks', null, fields);
    return this.replica.tellNotEdited('you may not add tasks to this project. Choose another one', { table: 'tasks', fields });
  }

  // A project that was chosen stays chosen, even if the user may not write to it any more: a task must
  // not become one for everyone unnoticed.
  #drawProjects() {
    const list = this.part['add-project'];
    const all = targets(this.replica, list.value);
    options(list, all);
    list.hidden = all.length === 1 && list.value === '';
  }

  // The script that moves tasks is loaded when a handle gets the focus, or when a task is added above others that were moved.
  async #load() {
    const late = this.moves || (await import('./moves.js').catch(() => null));
    this.moves ??= late && new late.Moves(this);
  }

  async #move(event) {
    if (!this.moves) await this.#load();
    if (this.moves) this.moves[event.type]?.(event);
    else if (event.type === 'pointerdown') this.replica.tellNotEdited('the server does not answer', { table: 'tasks' });
  }

  #needsPosition() {
    return hasPositions([...this.replica.tables.tasks.values()]);
  }

  #readyToAdd() {
    return this.#needsPosition() && this.#load();
  }

  /** tasks returns the tasks of a column, the top one first. */
  tasks({ status }) {
    return ordered([...this.replica.tables.tasks.values()].filter((v) => !v.deleted && statusOf(v) === status));
  }

  /**
   * draw draws the tasks that changed.
   * @param {object[]} changed the tasks
   * @param {boolean} [flash] whether to highlight them
   */
  draw(changed, flash = false) {
    const focused = document.activeElement;
    const again = new Set(changed.map((v) => v.id));
    const shown = this.columns.map((column) => this.#choose(column));
    const keep = new Set(shown.flat());
    for (const [id, card] of this.#cards) {
      if (keep.has(this.replica.tables.tasks.get(id))) continue;
      card.leave();
      card.element.remove();
      this.#cards.delete(id);
    }
    this.columns.forEach((column, i) => this.#drawColumn(column, shown[i], again, flash));
    if (focused !== document.activeElement && focused.isConnected) focused.focus(); // it was moved
    if (!focused.isConnected && document.activeElement === document.body) this.part.board.closest('.panel').focus();
    this.part.empty.hidden = keep.size > 0;
    this.#drawProjects();
    this.deleted.draw();
  }

  /** #choose returns the tasks of a column to show: the first ones, and any that is being edited. */
  #choose(column) {
    const all = this.tasks(column);
    setText(column.count, String(all.length));
    column.more.hidden = all.length <= column.limit;
    setText(column.more, `Show more (${all.length} in all)`);
    return all.filter((view, i) => i < column.limit || this.#cards.get(view.id)?.typing);
  }

  #drawColumn(column, shown, again, flash) {
    shown.forEach((view, i) => {
      let card = this.#cards.get(view.id);
      const isNew = !card;
      if (isNew) this.#cards.set(view.id, (card = new Card(this.replica, this.who)));
      if (isNew || again.has(view.id)) attempt(() => card.draw(view));
      if (flash && again.has(view.id)) card.flash();
      if (column.list.children[i] !== card.element) column.list.insertBefore(card.element, column.list.children[i] ?? null);
    });
  }
}
