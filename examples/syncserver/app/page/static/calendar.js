// The rooms on one day: a table of hours. A click on a free hour books it.

import { Deleted } from './deleted.js';
import { attempt, element } from './dom.js';
import { Draft, oneLine } from './draft.js';
import { Meeting } from './meeting.js';
import { HOURS, ROOMS, dayAfter, hourName, isPast, slotAt, slotOf } from './rooms.js';
import { forget, remember, remembered } from './typed.js';
import { dayOf, hourOf } from './zone.js';

export class Calendar {
  #meetings = new Map();
  #cells = new Map(); // keyed by room and hour
  #bookings = new Map(); // the forms that ask for a title, keyed by day, room and hour
  #stop = null; // the free hour that the Tab key goes to

  /** @param day an object with a value and an event for its changes */
  constructor(replica, who, part, day) {
    this.replica = replica;
    this.who = who;
    this.part = part;
    this.day = day;
    this.deleted = new Deleted(replica, who, part['deleted-meetings'], 'meetings', 'Cancelled meetings');
    this.#build();
    this.typedDay = new Draft(part.day, { required: true, write: (text) => day.set(text) });
    for (const slot of remembered(`${replica.side}/book/`).keys()) this.#restore(slot);
    part['day-before'].addEventListener('click', () => day.set(dayAfter(day.value, -1)));
    part['day-after'].addEventListener('click', () => day.set(dayAfter(day.value, 1)));
    day.addEventListener('change', () => this.draw());
  }

  #build() {
    const head = element('tr', {}, element('td', { class: 'corner' }), ...ROOMS.map((room) => element('th', { scope: 'col' }, room)));
    const rows = HOURS.map((hour) => element('tr', {}, element('th', { scope: 'row' }, hourName(hour)), ...ROOMS.map((room) => {
      const cell = element('td', { 'data-testid': 'cell', 'data-room': room, 'data-hour': hour });
      this.#cells.set(`${room}/${hour}`, { room, hour, element: cell });
      return cell;
    })));
    this.part.calendar.append(element('caption', { class: 'hidden' }, 'Rooms by hour, in your time zone. Arrow keys move between free hours.'),
      element('thead', {}, head), element('tbody', {}, ...rows));
    this.part.calendar.addEventListener('keydown', (event) => this.#moveFocus(event));
    this.part.calendar.addEventListener('focusin', ({ target }) => target.matches('.free') && this.#setStop(target));
  }

  /** #moveFocus moves the focus to the next free hour in the direction of the arrow key. */
  #moveFocus(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const from = event.target.closest('.free');
    if (!step || !from) return;
    event.preventDefault();
    const all = this.#allFree();
    const way = event.key === 'ArrowDown' || event.key === 'ArrowUp' ? all.filter((free) => free.dataset.room === from.dataset.room) : all;
    way[way.indexOf(from) + step]?.focus();
  }

  #allFree() {
    return [...this.part.calendar.querySelectorAll('.free')];
  }

  /** #setStop makes a free hour the one that the Tab key reaches. */
  #setStop(stop) {
    this.#stop = stop;
    for (const free of this.#allFree()) free.tabIndex = free === stop ? 0 : -1;
  }

  /** draw redraws the day. Elements that keep their place are not touched. */
  draw() {
    const day = this.day.value;
    this.typedDay.draw(day);
    const clashing = new Set(this.replica.violations.filter((v) => v.table === 'meetings' && !v.dismissed).flatMap((v) => [v.recordId, ...v.conflictingRecords]));
    const at = new Map(); // meetings by cell; under null, the meetings without a cell
    for (const view of this.replica.tables.meetings.values()) {
      const slot = !view.deleted && slotOf(view);
      if (!slot || dayOf(slot.start) !== day) continue;
      const key = `${slot.room}/${hourOf(slot.start)}`;
      const cell = this.#cells.has(key) ? key : null;
      at.set(cell, [...(at.get(cell) ?? []), view]);
    }
    const keep = new Set();
    const focused = document.activeElement;
    for (const [key, cell] of this.#cells) this.#drawCell(cell, day, at.get(key) ?? [], clashing, keep);
    const elsewhere = (at.get(null) ?? []).map((view) => this.#meeting(view, clashing, keep));
    this.part.elsewhere.hidden = elsewhere.length === 0;
    this.part.elsewhere.replaceChildren(...elsewhere.map((e) => element('li', {}, e)));
    for (const [id, meeting] of this.#meetings) {
      if (keep.has(id)) continue;
      meeting.leave();
      this.#meetings.delete(id);
    }
    if (focused !== document.activeElement && focused.isConnected) focused.focus(); // it was moved
    this.#setStop(this.#stop?.isConnected ? this.#stop : this.#allFree()[0]);
    this.deleted.draw();
  }

  #meeting(view, clashing, keep) {
    let meeting = this.#meetings.get(view.id);
    if (!meeting) this.#meetings.set(view.id, (meeting = new Meeting(this.replica, this.who, (cell) => this.#cancelled(cell))));
    attempt(() => meeting.draw(view, clashing.has(view.id)));
    keep.add(view.id);
    return meeting.element;
  }

  /** #cancelled keeps the focus in the cell of a cancelled meeting. */
  #cancelled(cell) {
    this.draw();
    cell.querySelector('.title, .free')?.focus();
  }

  #drawCell(cell, day, views, clashing, keep) {
    const contents = views.sort((a, b) => (a.id < b.id ? -1 : 1)).map((view) => this.#meeting(view, clashing, keep));
    const booking = this.#bookings.get(`${day}/${cell.room}/${cell.hour}`);
    if (booking) contents.push(booking);
    if (contents.length === 0) {
      const old = cell.element.querySelector('.free');
      contents.push(isPast(day, cell.hour) ? element('span', { class: 'past' }) : old ?? this.#free(cell));
    }
    const same = contents.length === cell.element.children.length && contents.every((c, i) => c === cell.element.children[i]);
    if (same) return;
    cell.element.replaceChildren(...contents);
  }

  #free(cell) {
    const label = `Book ${cell.room} at ${hourName(cell.hour)}`;
    return element('button', { type: 'button', class: 'free', 'data-testid': 'book', 'data-room': cell.room, 'aria-label': label, onclick: () => this.#ask(cell) }, '+ ', element('span', {}, 'Book'));
  }

  /** #ask asks for the title of a new meeting and then books the hour. */
  #ask(cell) {
    const { title } = this.#book(cell, this.day.value);
    this.draw();
    title.focus();
  }

  /** #restore opens the form again for a title that was being typed when the page was left. */
  #restore(slot) {
    const [day, ...key] = slot.split('/');
    const cell = this.#cells.get(key.join('/'));
    if (cell) this.#book(cell, day);
  }

  /** #book returns a form that asks for a title. While it contains text it stays, even if another device books the hour. */
  #book(cell, day) {
    const slot = `${day}/${cell.room}/${cell.hour}`;
    const unwritten = `${this.replica.side}/book/${slot}`;
    const label = `Title of the meeting in ${cell.room} at ${hourName(cell.hour)}`;
    const title = element('input', { 'aria-label': label, placeholder: 'Title', 'data-testid': 'book-title', maxlength: 80, required: true, autocomplete: 'off' });
    const form = element('form', { class: 'book' }, title, element('button', { type: 'submit', 'data-testid': 'book-save' }, 'Book'));
    const close = (next) => {
      this.#bookings.delete(slot);
      forget(unwritten);
      this.draw();
      if (next) cell.element.querySelector(next)?.focus();
    };
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const host = this.who(this.replica.device.clientId).name.split(/['’]s /)[0];
      const booked = { title: oneLine(title.value) || 'Meeting', host, slot: slotAt(cell.room, day, cell.hour) };
      if (this.replica.edit('meetings', null, booked)) close('.title');
    });
    form.addEventListener('keydown', (event) => event.key === 'Escape' && close('.free'));
    form.addEventListener('focusout', () => queueMicrotask(() => {
      if (!form.contains(document.activeElement) && title.value === '' && this.#bookings.has(slot)) close();
    }));
    remember(title, unwritten);
    this.#bookings.set(slot, form);
    return { title };
  }
}
