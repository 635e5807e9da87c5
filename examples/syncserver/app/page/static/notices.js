// Notices of a device to its user. A notice stays until it is closed, unless it reports no loss
// and asks for no action.

import { element } from './dom.js';
import { edits, fieldName, kindName, said, span, titleOf, when } from './words.js';

const MOST = 30; // older notices are removed
const PASSING = 20_000; // milliseconds that a passing notice stays

const REASONS = {
  title_too_long: 'a title can have at most 80 characters',
  forbidden: 'it is not allowed',
  derived_field: 'only the server can write this field',
  unknown_field: 'a meeting has no such field',
  other_device: 'only the device itself can change its name',
  unknown_table: 'the server does not know this kind of record',
  limit_exceeded: 'it is too large',
  record_full: 'the record is full. Shorten something in it, or delete something from it',
  other_client: 'it was written by another device',
  gone: 'it arrived so late that what it edits may have been deleted and removed since',
};

/** Notices shows the notices of a replica in a box. */
export class Notices {
  /** @param actions the actions that notices offer: rejoin, which takes a new client ID */
  constructor(replica, who, box, actions) {
    this.replica = replica;
    this.who = who;
    this.box = box;
    this.actions = actions;
    replica.addEventListener('notice', (event) => this.#tell(event.detail));
    if (replica.damaged) this.#tell(replica.damaged);
  }

  /** add shows a text, and returns a function that closes it. */
  add(text, { bad = false, passing = false, kind = '', button = null } = {}) {
    const close = () => {
      const next = notice.nextElementSibling ?? notice.previousElementSibling;
      const hadFocus = notice.contains(document.activeElement);
      notice.remove();
      if (hadFocus) (next?.querySelector('.close') ?? this.box.closest('.panel')).focus({ preventScroll: true });
    };
    const body = element('div', {}, element('p', {}, ...[text].flat()));
    if (button) body.append(element('button', { type: 'button', 'data-testid': 'notice-action', onclick: () => { close(); button.act(); } }, button.text));
    const notice = element('div', { class: 'notice', 'data-testid': 'notice', 'data-kind': kind, 'data-tone': bad && 'bad' },
      body, element('button', { type: 'button', class: 'close', 'aria-label': 'Close this notice', onclick: close }, '×'));
    this.box.append(notice);
    if (passing) closeLater(notice, close);
    while (this.box.children.length > MOST) this.box.firstElementChild.remove();
    return close;
  }

  /** tellLeft reports edits that a closed tab did not send; the next tab to open will have them. */
  tellLeft(waiting) {
    if (waiting === 0) return;
    const act = () => window.open(location.href, '_blank', 'noopener');
    this.add(`A tab that was closed left ${edits(waiting)} unsent.`, { kind: 'left', button: { text: 'Open it again', act } });
  }

  #tell(notice) {
    const words = this[notice.kind]?.(notice);
    if (words) this.add(words.text, { kind: notice.kind, ...words });
  }

  refused({ table, id, fields, code, detail, rolledBack }) {
    const field = fields.length === 1 ? fields[0] : rolledBack.title ? 'title' : null;
    const shown = this.replica.tables[table]?.get(id);
    const isNew = !shown;
    const what = isNew ? `the new ${kindName(table)}` : `the ${fields.map(fieldName).join(', ')} of ${titleOf(shown)}`;
    const wrote = field && rolledBack[field] ? ` You wrote ${said(field, rolledBack[field])}.` : '';
    const reason = REASONS[code] ?? detail ?? code;
    const edited = fields.some((f) => shown?.waiting.includes(f)); // edited again before the refusal arrived
    const later = fields.find((f) => shown?.data[f]?.updatedAt > rolledBack[f]?.updatedAt); // written by another device meanwhile
    const now = isNew ? 'It was removed.' : edited ? 'Your later edit is kept.' : later ? `It is now ${said(later, shown.data[later])}.` : 'It was put back as it was.';
    return { text: `The server refused ${what}: ${reason}. ${now}${wrote}`, bad: true };
  }

  edit_lost({ table, id, fields, other }) {
    const shown = this.replica.tables[table]?.get(id);
    const now = shown?.data[fields[0]];
    const instead = now && now.clientId === other ? ` It is now ${said(fields[0], now)}.` : '';
    const why = this.replica.why(table, id, fields[0]);
    const own = why && !why.unknown && why.loser.clientId === this.replica.device.clientId ? ` You wrote ${said(fields[0], why.loser)}.` : '';
    return { text: `Your edit to the ${fieldName(fields[0])} of ${titleOf(shown)} came too late: ${this.who(other).name} made a later one without having seen yours.${instead}${own}` };
  }

  edit_replaced({ table, id, fields, other }) {
    const [field] = fields;
    const why = this.replica.why(table, id, field);
    const value = why && !why.unknown && why.loser.clientId === other ? `: ${said(field, why.loser)}` : '';
    return { text: `Your edit to the ${fieldName(field)} of ${titleOf(this.replica.tables[table]?.get(id))} replaced one by ${this.who(other).name} that you had not seen${value}.` };
  }

  record_deleted({ table, id }) {
    const shown = this.replica.tables[table]?.get(id);
    const by = shown?.data.$deleted ? this.who(shown.data.$deleted.clientId).name : 'Someone else';
    const restore = () => this.replica.edit(table, id, { $deleted: false });
    return { text: `${by} had deleted ${titleOf(shown)} in the meantime. Your edit is kept, but the ${kindName(table)} stays deleted.`, button: { text: 'Restore it', act: restore } };
  }

  clock_corrected({ by, code }) {
    const again = code ? ' Edits that the server had refused for that reason have been stamped again.' : '';
    if (Math.abs(by) < 1000) return again ? { text: again.trim(), passing: true } : null; // too small a correction for a notice
    if (this.replica.offset === 0) return { text: `Your clock agrees with the server’s again, and is no longer corrected.${again}`, passing: true };
    const off = `${span(Math.abs(by))} ${by < 0 ? 'ahead' : 'behind'}`;
    return { text: `By the server’s time, your clock was ${off}. It has been corrected.${again}`, passing: true };
  }

  future_stamp({ table, id, fields, other, time }) {
    const what = `the ${fields.map(fieldName).join(', ')} of ${titleOf(this.replica.tables[table]?.get(id))}`;
    return { text: `Your edit to ${what} waits, because it replaces a write by ${this.who(other).name} with a time in the future, ${when(time)}. Your edit will be sent when that time has come, or once the record has been repaired on the server.`, bad: true };
  }

  storage_full() {
    return { text: 'The server has no room for what some of your edits add. They are kept on this device, and sent again until there is room. Deleting something makes room.', bad: true };
  }

  resync({ why }) {
    const { waiting } = this.replica;
    const kept = waiting === 0 ? '' : ` ${waiting === 1 ? 'One edit that has not been sent is' : `${waiting} edits that have not been sent are`} kept, and sent now.`;
    if (why === 'fence') {
      return { text: `This device was away for so long that the server no longer knows what has been deleted since. All data is being fetched again.${kept}`, passing: waiting === 0 };
    }
    return { text: `The server’s data is older than what this device had seen: perhaps a backup was restored. All of it is being fetched again.${kept}`, bad: true };
  }

  sent_again({ items }) {
    return { text: `${items === 1 ? 'One edit of yours that the server had stored and then lost is' : `${items} edits of yours that the server had stored and then lost are`} sent again.` };
  }

  new_id_needed() {
    return { text: 'This device seems to be in use twice, perhaps because a backup was restored. It should take a new identity; nothing is lost.', bad: true, button: { text: 'Take a new identity', act: this.actions.rejoin } };
  }

  damaged({ lost }) {
    const waited = lost > 0 ? ` ${lost === 1 ? '1 unsent edit' : `${lost} unsent edits`} could not be read either; all others are kept.` : ' Unsent edits are kept.';
    return { text: `Some of what this browser had stored was damaged, so the data is being fetched from the server again.${waited}`, bad: true };
  }

  not_edited({ detail, fields = {} }) {
    const wrote = Object.entries(fields).filter(([, v]) => typeof v === 'string').map(([field, v]) => said(field, { value: v }));
    return { text: `This edit could not be saved: ${detail}.${wrote.length > 0 ? ` You wrote ${wrote.join(', ')}.` : ''}`, bad: true };
  }

  not_saved({ detail }) {
    return { text: `This browser could not store what you did (${detail ?? 'no reason given'}). Your edits will be lost when you reload, and nothing is sent until you do.`, bad: true };
  }
}

/** closeLater closes a notice after a while, unless it is hovered or focused. */
function closeLater(notice, close) {
  setTimeout(() => (notice.matches(':hover, :focus-within') ? closeLater(notice, close) : close()), PASSING);
}
