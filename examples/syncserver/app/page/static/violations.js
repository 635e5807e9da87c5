// The banners: violations, and buttons with the normal writes that settle them.

import { attempt, element, setText } from './dom.js';
import { nextFree, overlap, slotOf } from './rooms.js';
import { place, ruleName, titleOf } from './words.js';
import { clockOf, dayOf } from './zone.js';

const SETTLED = 5000; // milliseconds for which a settled conflict is shown

export class Violations {
  #banners = new Map(); // by ID, with the data that they were drawn from
  #notes = new Set(); // the notes of settled conflicts

  constructor(replica, box) {
    this.replica = replica;
    this.box = box;
    this.calm = element('p', { class: 'calm', 'data-testid': 'calm' });
    box.append(this.calm);
  }

  draw() {
    const open = this.replica.violations.filter((v) => !v.dismissed);
    const ids = new Set(open.map((v) => v.id));
    for (const [id, banner] of this.#banners) {
      if (!ids.has(id)) this.#settle(id, banner);
    }
    for (const violation of open) attempt(() => this.#draw(violation));
    for (const note of this.#notes) if (open.some((v) => idsOf(v).some((id) => note.ids.includes(id)))) this.#forget(note);
    this.#drawCalm();
  }

  // "No conflicts" is shown only if the server could check all rules.
  #drawCalm() {
    const rules = [...this.replica.unchecked].sort().map(ruleName);
    const settled = this.box.children.length === 1 && !this.replica.losses.some((loss) => loss.kept);
    this.calm.hidden = rules.length === 0 && !settled;
    this.calm.dataset.doubt = rules.length > 0;
    setText(this.calm, rules.length === 0 ? '✓ No conflicts to settle'
      : `The server could not check everything (${rules.join(', ')}). Your edits are stored, but there may be conflicts that are not shown here.`);
  }

  #draw(violation) {
    const { meetings } = this.replica.tables;
    const { meeting, text } = this.#subject(violation);
    const slot = meeting && slotOf(meeting);
    const free = slot && nextFree(slot, [...meetings.values()]);
    const from = JSON.stringify([text, violation.evidence, free, meeting?.id, meeting && titleOf(meeting)]);
    const old = this.#banners.get(violation.id);
    if (old?.from === from) return;

    const button = (testid, text, act) => element('button', { type: 'button', 'data-testid': testid, onclick: act }, text);
    const buttons = [];
    if (free) {
      const where = dayOf(free.start) === dayOf(slot.start) ? clockOf(free.start) : place(free);
      buttons.push(button('violation-move', `Move ${titleOf(meeting)} to ${where}`, () => this.replica.edit('meetings', meeting.id, { slot: free })));
    }
    if (meeting) buttons.push(button('violation-cancel', `Cancel ${titleOf(meeting)}`, () => this.replica.edit('meetings', meeting.id, { $deleted: true })));
    // A dismissal names the evidence, and no longer applies when the evidence changes.
    buttons.push(button('violation-dismiss', violation.conflictingRecords.length > 1 ? 'Keep all' : 'Keep both', () => this.replica.edit('violations', violation.id, { dismissed: violation.evidence })));

    const banner = element('div', { class: 'violation', role: 'alert', 'data-testid': 'violation', 'data-id': violation.id },
      element('p', {}, text), element('div', { class: 'row' }, ...buttons));
    if (old) this.#replace(old.element, banner);
    else this.box.append(banner);
    this.#banners.set(violation.id, { from, violation, element: banner });
  }

  /**
   * #subject returns the meeting that the buttons move or cancel, and the text of the banner. The
   * server's description addresses the later booker; the banner addresses its reader.
   */
  #subject({ recordId, conflictingRecords, description }) {
    const { meetings } = this.replica.tables;
    const all = idsOf({ recordId, conflictingRecords }).map((id) => meetings.get(id)).filter(Boolean);
    if (all.length !== 2) return { meeting: all[0], text: description };
    const own = all.find((m) => m.data.slot?.clientId === this.replica.device.clientId);
    const meeting = own ?? all[0];
    const other = all.find((m) => m !== meeting);
    const slot = slotOf(meeting);
    const where = slot ? ` in ${place(slot)}` : '';
    return { meeting, text: `${own ? 'Your meeting ' : ''}${titleOf(meeting)} conflicts with ${titleOf(other)}${where}` };
  }

  /** #replace replaces a banner. The focus moves to the same button or, if there is none, to the panel. */
  #replace(banner, next) {
    const focused = banner.contains(document.activeElement) && document.activeElement.dataset.testid;
    banner.replaceWith(...(next ? [next] : []));
    if (focused) (next?.querySelector(`[data-testid="${focused}"]`) ?? this.box.closest('.panel')).focus({ preventScroll: true });
  }

  #settle(id, banner) {
    this.#banners.delete(id);
    const text = this.#outcome(id, banner.violation);
    if (text === null) return this.#replace(banner.element, null);
    const note = {
      ids: idsOf(banner.violation),
      element: element('p', { class: 'settled', role: 'status', 'data-testid': 'violation-settled' }, text),
    };
    this.#notes.add(note);
    this.#replace(banner.element, note.element);
    setTimeout(() => {
      this.#forget(note);
      this.draw();
    }, SETTLED);
  }

  #forget(note) {
    this.#notes.delete(note);
    note.element.remove();
  }

  /** #outcome returns how a conflict ended, or null if this device cannot tell. */
  #outcome(id, violation) {
    if (this.replica.violations.some((v) => v.id === id)) return '✓ Kept as it is.';
    const meetings = idsOf(violation).map((id) => this.replica.tables.meetings.get(id));
    if (!meetings.every(Boolean)) return null; // for example after a reset
    const slots = meetings.filter((m) => !m.deleted).map(slotOf);
    const left = slots.find((slot, i) => slots.some((other, j) => i !== j && overlap(slot, other)));
    if (left) return Date.parse(left.end) <= this.replica.now() ? 'The hour of this conflict is over.' : null;
    return '✓ Resolved. The conflict is gone.';
  }
}

/** idsOf returns the IDs of the records in a violation. */
const idsOf = ({ recordId, conflictingRecords }) => [recordId, ...conflictingRecords];
