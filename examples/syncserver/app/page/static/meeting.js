// A meeting in the calendar.

import { element, setText } from './dom.js';
import { Draft } from './draft.js';
import { Field } from './field.js';
import { HOURS, ROOMS, hourName, moved, slotOf } from './rooms.js';
import { labelStop, oneStop } from './stop.js';
import { Mark } from './why.js';
import { place, titleOf, value } from './words.js';
import { clockOf, hourOf } from './zone.js';

export class Meeting {
  /** @param onCancelled gets the cell that had the focus */
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
    this.room = this.#select('meeting-room', ROOMS.map((r) => [r, r]), (room) => ({ room }));
    this.hour = this.#select('meeting-hour', HOURS.map((h) => [h, hourName(h)]), (hour) => ({ hour: Number(hour) }));
    this.more = element('button', { type: 'button', class: 'open-move', 'data-testid': 'meeting-more', 'aria-expanded': 'false', onclick: () => this.#open(this.form.hidden) }, 'Move');
    const cancel = element('button', { type: 'button', class: 'danger', 'data-testid': 'meeting-cancel', onclick: () => this.#cancel() }, 'Cancel meeting');
    this.form = element('div', { class: 'move', hidden: true }, element('label', {}, 'Room', this.room.control), element('label', {}, 'Hour', this.hour.control), cancel);
    this.element = element('div', { class: 'meeting', role: 'group', 'data-testid': 'meeting' },
      element('div', { class: 'line first' }, title, this.title.mark.element),
      element('div', { class: 'line facts' },
        element('span', { class: 'fact' }, this.host, this.hostMark.element),
        element('span', { class: 'fact' }, this.time, this.slotMark.element), this.more),
      this.form);
    oneStop(this.element, title);
    this.form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      this.#open(false);
      this.more.focus();
    });
  }

  #open(open) {
    this.form.hidden = !open;
    this.more.setAttribute('aria-expanded', String(open));
    if (open) this.room.control.focus();
  }

  #cancel() {
    const cell = this.element.parentElement;
    this.replica.edit('meetings', this.view.id, { $deleted: true });
    this.onCancelled(cell);
  }

  // A list changes one part of the slot and keeps the parts that it does not show.
  #select(testid, options, toPart) {
    return new Draft(element('select', { 'data-testid': testid }, ...options.map(([v, name]) => element('option', { value: v }, name))), {
      seen: () => this.view.data.slot,
      ready: () => this.replica.joined,
      write: (text, seen) => this.replica.edit('meetings', this.view.id, { slot: moved(slotOf(this.view), toPart(text)) }, { slot: seen }),
    });
  }

  /** leave writes unsaved text before the meeting is removed. */
  leave() {
    this.title.draft.leave();
  }

  /** draw draws a meeting that has a slot, and marks it if it conflicts with another. */
  draw(view, clashes) {
    this.view = view;
    const slot = slotOf(view);
    this.element.dataset.id = view.id;
    this.element.dataset.waiting = view.waiting.length > 0;
    this.element.dataset.side = this.who(view.data.slot.clientId).side;
    this.element.classList.toggle('clash', clashes);
    this.title.draw(view);
    this.hostMark.draw(view);
    this.slotMark.draw(view);
    const host = value(view, 'host');
    setText(this.host, typeof host === 'string' ? host : 'No host');
    setText(this.time, clockOf(slot.start));
    this.more.setAttribute('aria-label', `Move or cancel ${titleOf(view)}, now in ${place(slot)}`);
    labelStop(this.element, `${titleOf(view)}, in ${place(slot)}`);
    this.room.draw(slot.room);
    this.hour.draw(String(hourOf(slot.start)));
  }
}
