// Moving the tasks of a board: by dragging their handles, and with the arrow keys. This script is loaded when a handle gets
// the focus or is pressed first.

import { lastTurn } from '../../../../client/order.js';
import { element, setText } from './dom.js';
import { mayChange } from './membership.js';
import { MOST, moved, topPosition } from './positions.js';
import { titleOf, value } from './words.js';

const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const EDGE = 36; // pixels from an edge at which the board scrolls while a task is dragged
const SPEED = 10; // pixels that it scrolls in a frame
const SLACK = 4; // pixels that a pointer moves before it drags

export class Moves {
  #turns = 0; // the number of the last turn
  #drag = null;

  /** @param {import('./board.js').Board} board */
  constructor(board) {
    this.board = board;
    this.replica = board.replica;
    this.told = element('p', { class: 'hidden', role: 'status', 'data-testid': 'moved' });
    board.part.board.after(this.told);
  }

  /** onTop returns the fields that put a new task above all others. */
  onTop() {
    return { position: topPosition([...this.replica.tables.tasks.values()], this.#turn()) };
  }

  // A deleted task still has its position, and may come back.
  #turn() {
    const { clientId } = this.replica.device;
    const positions = [...this.replica.tables.tasks.values()].map((task) => value(task, 'position'));
    this.#turns = Math.max(this.#turns, lastTurn(clientId, positions)) + 1;
    return { client: clientId, n: this.#turns };
  }

  keydown(event) {
    const step = !(event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) && STEPS[event.key];
    if (!step || this.#drag) return;
    event.preventDefault();
    const { columns } = this.board;
    const card = event.target.closest('.card');
    const i = columns.findIndex(({ list }) => list.contains(card));
    const [across, down] = step;
    if (across !== 0) return columns[i + across] && this.#move(card, columns[i + across], 0);
    const tasks = this.board.tasks(columns[i]);
    const from = tasks.findIndex(({ id }) => id === card.dataset.id);
    if (from >= 0 && tasks[from + down]) this.#move(card, columns[i], from + down);
  }

  #drop(card, { column, above }) {
    const others = this.board.tasks(column).filter(({ id }) => id !== card.dataset.id);
    this.#move(card, column, above ? others.findIndex(({ id }) => id === above.dataset.id) + 1 : 0);
  }

  /** #move puts the task of a card into a column, where an index number of other tasks are above it. */
  #move(card, column, index) {
    const { board, replica } = this;
    const { id } = card.dataset;
    const task = replica.tables.tasks.get(id);
    if (!task || task.deleted) return replica.tellNotEdited('the task is no longer there', { table: 'tasks', id });
    if (!mayChange(replica, task)) return replica.tellNotEdited('you may only read its project', { table: 'tasks', id });
    const tasks = board.tasks(column);
    const turn = this.#turn();
    const move = moved({ column: tasks, task, index }, turn);
    if (!move) return;
    if (move.first.length > MOST) return replica.tellNotEdited(`more than ${MOST} other tasks would need a new place`, { table: 'tasks', id });
    this.#turns += move.first.length;
    const { first, position } = move;
    const may = first.filter((other) => mayChange(replica, replica.tables.tasks.get(other.id)));
    const status = tasks.includes(task) ? {} : { status: column.status };
    const done = may.every((other) => replica.edit('tasks', other.id, { position: other.position }, {}, false)) && replica.edit('tasks', id, { ...status, position });
    if (done) this.#show(card, column);
  }

  // The card is shown in its new place even if that is below the beginning of a long column.
  #show(card, column) {
    const { board } = this;
    const place = () => board.tasks(column).findIndex(({ id }) => id === card.dataset.id) + 1;
    column.limit = Math.max(column.limit, place());
    board.draw([]);
    card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    const task = this.replica.tables.tasks.get(card.dataset.id);
    setText(this.told, `${titleOf(task)}: ${place()} of ${board.tasks(column).length} in ${column.list.getAttribute('aria-label')}`);
  }

  /** pointerdown begins to drag a card, which ends when the pointer is released, or with the Escape key. */
  pointerdown(event) {
    const { board } = this.board.part;
    if (event.button !== 0 || !event.isPrimary || this.#drag) return;
    try {
      board.setPointerCapture(event.pointerId); // the board stays where it is, and a card may be drawn elsewhere meanwhile
    } catch {
      return; // the pointer was released while this script was loaded
    }
    const drag = new Drag(this.board, event.target.closest('.card'), event);
    this.#drag = drag;
    const { signal } = drag;
    signal.addEventListener('abort', () => (this.#drag = null));
    board.addEventListener('pointermove', (at) => drag.moveTo(at), { signal });
    board.addEventListener('pointerup', (at) => {
      drag.moveTo(at);
      this.board.draw([]);
      const target = drag.target();
      drag.end();
      if (target) this.#drop(drag.card, target);
    }, { signal });
    board.addEventListener('lostpointercapture', () => drag.end(), { signal });
    addEventListener('keydown', (key) => {
      if (key.key !== 'Escape') return;
      key.stopPropagation(); // otherwise the focus would leave the card
      drag.end();
    }, { signal, capture: true });
  }
}

/** A Drag shows where a card that is being dragged would go. */
class Drag {
  #abort = new AbortController();
  #at; // where the pointer is
  #moved = false;

  constructor(board, card, { clientX, clientY }) {
    this.board = board;
    this.card = card;
    this.from = { clientX, clientY };
    this.#at = this.from;
    this.line = element('div', { class: 'drop-line', 'data-side': board.replica.side, 'data-testid': 'drop-line', hidden: true });
    this.name = element('div', { class: 'tooltip', 'aria-hidden': 'true' }, titleOf(board.replica.tables.tasks.get(card.dataset.id)));
  }

  /** signal is aborted when the drag ends. */
  get signal() {
    return this.#abort.signal;
  }

  moveTo(event) {
    if (event.type === 'pointermove' && event.buttons === 0) return this.end(); // it was released while the script was loaded
    const { clientX, clientY } = event;
    this.#at = { clientX, clientY };
    if (this.#moved || Math.hypot(clientX - this.from.clientX, clientY - this.from.clientY) < SLACK) return;
    this.#moved = true;
    this.card.classList.add('dragged');
    this.board.part.board.classList.add('dragging');
    document.body.append(this.line, this.name);
    this.#frame();
  }

  end() {
    this.#abort.abort();
    this.card.classList.remove('dragged');
    this.board.part.board.classList.remove('dragging');
    this.line.remove();
    this.name.remove();
  }

  /** target returns the column at the pointer and the card above it there, if any, or null outside the columns. */
  target() {
    const { clientX, clientY } = this.#at;
    const { part, columns } = this.board;
    if (!this.#moved || !part.board.contains(document.elementFromPoint(clientX, clientY))) return null;
    const column = columns.find((c) => clientX <= c.element.getBoundingClientRect().right) ?? columns.at(-1);
    const cards = [...column.list.children].filter((card) => card !== this.card);
    const above = cards.filter((card) => middle(card.getBoundingClientRect()) < clientY).at(-1);
    return { column, above };
  }

  #frame() {
    if (this.signal.aborted) return;
    const target = this.target();
    this.#scroll(target);
    this.#draw(target);
    requestAnimationFrame(() => this.#frame());
  }

  #draw(target) {
    const { clientX, clientY } = this.#at;
    Object.assign(this.name.style, { left: `${Math.min(clientX + 14, innerWidth - this.name.offsetWidth - 8)}px`, top: `${clientY + 14}px` });
    this.line.hidden = !target || this.#stays(target);
    if (this.line.hidden) return;
    const { list } = target.column;
    const within = list.getBoundingClientRect();
    const box = list.parentElement.getBoundingClientRect();
    const row = this.board.part.board.getBoundingClientRect();
    const left = Math.max(within.left, row.left);
    const y = target.above ? target.above.getBoundingClientRect().bottom + 4 : within.top - 1;
    Object.assign(this.line.style, { left: `${left}px`, width: `${Math.min(within.right, row.right) - left}px`, top: `${Math.max(box.top, Math.min(y, box.bottom))}px` });
  }

  #stays({ column, above }) {
    return column.list.contains(this.card) && (above ?? null) === this.card.previousElementSibling;
  }

  // The column, the row of columns and the page scroll near their edges.
  #scroll(target) {
    const { clientX, clientY } = this.#at;
    const toward = (at, low, high) => (at < low + EDGE ? -SPEED : at > high - EDGE ? SPEED : 0);
    const { board } = this.board.part;
    const { left, right } = board.getBoundingClientRect();
    board.scrollLeft += toward(clientX, left, right);
    if (target) {
      const box = target.column.list.parentElement;
      const { top, bottom } = box.getBoundingClientRect();
      box.scrollTop += toward(clientY, top, bottom);
    }
    scrollBy(0, toward(clientY, 0, innerHeight));
  }
}

const middle = ({ top, bottom }) => (top + bottom) / 2;
