// A meeting in the calendar.

import { element, setText } from './dom.js';
import { Field } from './field.js';
import { HOURS, ROOMS, hourName, slotAt, slotOf } from './rooms.js';
import { Mark } from './why.js';
import { place, titleOf, value } from './words.js';

export class Meeting {
  /** @param onCancelled gets the cell in which the focus was */
  constructor(replica, who, onCancelled) {
    this.onCancelled = onCancelled;
    this.replica = replica;
    this.who = who;
    const title = element('textarea', { class: 'value title', rows: 1, 'data-testid': 'meeting-title', 'aria-label': 'Title of the meeting', spellcheck: 'false' });
    this.title = new Field(replica, who, 'title', title, { required: true });
    this.hostMark = new Mark(replica, who, 'host');
    this.slotMark = new Mark(replica, who, 'slot');
    this.host = element('span', { class: 'host' });
    this.time = element('span', { class: 'time' });
    this.room = this.#select('Room', 'meeting-room', ROOMS.map((r) => [r, r]));
    this.hour = this.#select('Hour', 'meeting-hour', HOURS.map((h) => [h, hourName(h)]));
    this.more = element('button', { type: 'button', class: 'open-move', 'data-testid': 'meeting-more', 'aria-expanded': 'false', onclick: () => this.#open(this.form.hidden) }, 'Move');
    const cancel = element('button', { type: 'button', class: 'danger', 'data-testid': 'meeting-cancel', onclick: () => this.#cancel() }, 'Cancel meeting');
    this.form = element('div', { class: 'move', hidden: true }, element('label', {}, 'Room', this.room), element('label', {}, 'Hour', this.hour), cancel);
    this.element = element('div', { class: 'meeting', 'data-testid': 'meeting' },
      element('div', { class: 'line first' }, title, this.title.mark.element),
      element('div', { class: 'line facts' },
        element('span', { class: 'fact' }, this.host, this.hostMark.element),
        element('span', { class: 'fact' }, this.time, this.slotMark.element), this.more),
      this.form);
    this.form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      this.#open(false);
      this.more.focus();
    });
  }

  #open(open) {
    this.form.hidden = !open;
    this.more.setAttribute('aria-expanded', String(open));
    if (open) this.room.focus();
  }

  #cancel() {
    const cell = this.element.parentElement;
    this.replica.edit('meetings', this.view.id, { $deleted: true });
    this.onCancelled(cell);
  }

  #select(label, testid, options) {
    const select = element('select', { 'data-testid': testid }, ...options.map(([v, name]) => element('option', { value: v }, name)));
    select.addEventListener('change', () => this.#move());
    return select;
  }

  #move() {
    const day = slotOf(this.view).start.slice(0, 10);
    this.replica.edit('meetings', this.view.id, { slot: slotAt(this.room.value, day, Number(this.hour.value)) });
  }

  /** draw draws a meeting that has a slot, and whether it is in conflict with another. */
  draw(view, clashes) {
    this.view = view;
    const slot = slotOf(view);
    this.element.dataset.id = view.id;
    this.element.dataset.side = this.who(view.data.slot.clientId).side;
    this.element.classList.toggle('clash', clashes);
    this.title.draw(view);
    this.hostMark.draw(view);
    this.slotMark.draw(view);
    const host = value(view, 'host');
    setText(this.host, typeof host === 'string' ? host : 'No host');
    setText(this.time, slot.start.slice(11, 16));
    this.more.setAttribute('aria-label', `Move or cancel ${titleOf(view)}, now in ${place(slot)}`);
    this.room.value = slot.room;
    this.hour.value = String(Number(slot.start.slice(11, 13)));
  }
}
