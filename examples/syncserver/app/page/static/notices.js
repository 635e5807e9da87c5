// Notices of a device to its user. A notice stays until it is closed, unless it reports no loss
// and asks for no action.

import { element } from './dom.js';
import { NoticeWords } from './noticewords.js';
import { edits } from './words.js';

const MOST = 30; // older notices are removed
const MOST_BAD = 300; // the same for notices with the tone bad, which may quote a lost edit
const LOSSES = ['refused', 'gone', 'unseen', 'not_edited', 'erased']; // kinds of notices that report a lost edit of the user
const JOINED = ['gone', 'unseen', 'erased']; // a record has at most one notice of each of these kinds
const PASSING = 20_000; // milliseconds that a passing notice stays

/** Notices shows the notices of a replica in a box. */
export class Notices {
  #words;
  #about = new WeakMap(); // from the element of a notice to the replica's notice, and the function that closes it

  /** @param actions the actions that notices offer: rejoin, which takes a new client ID */
  constructor(replica, who, box, actions) {
    this.replica = replica;
    this.box = box;
    this.#words = new NoticeWords(replica, who, actions);
    replica.addEventListener('notice', (event) => this.tell(event.detail));
    replica.addEventListener('erased', (event) => this.#tellErased(event.detail));
    if (replica.damaged) this.tell(replica.damaged);
  }

  /** add shows a text, and returns a function that closes it. */
  add(text, { bad = false, passing = false, kind = '', button = null, about = null } = {}) {
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
    if (about) this.#about.set(notice, { about, close });
    if (passing) closeLater(notice, close);
    this.#removeOld();
    return close;
  }

  #removeOld() {
    const all = [...this.box.children].filter((notice) => notice.dataset.kind !== 'loss'); // these stay until the user has chosen
    for (const [isBad, most] of [[false, MOST], [true, MOST_BAD]]) {
      const some = all.filter((notice) => (notice.dataset.tone === 'bad') === isBad);
      for (const old of some.slice(0, Math.max(0, some.length - most))) old.remove();
    }
  }

  /** tellLeft reports edits that a closed tab did not send; the next tab to open will have them. */
  tellLeft(waiting) {
    if (waiting === 0) return;
    const act = () => window.open(location.href, '_blank', 'noopener');
    this.add(`A tab that was closed left ${edits(waiting)} unsent.`, { kind: 'left', button: { text: 'Open it again', act } });
  }

  /** tell shows a notice, given what it is about. */
  tell(told) {
    const { table, id } = told;
    if (isClosing(told)) return;
    let notice = { ...told, kind: this.#kindOf(told) };
    if (this.replica.isErased(table, id)) {
      if (!LOSSES.includes(notice.kind)) return;
      notice = { kind: 'erased', table, id, fields: [], rolledBack: {} }; // the notice must show nothing of the record
    }
    if (JOINED.includes(notice.kind)) notice = this.#join(notice);
    const words = this.#words[notice.kind]?.(notice);
    if (words) this.add(words.text, { kind: notice.kind, about: notice, ...words });
  }

  /** close closes the notices of some kinds about a field of a record. */
  close(kinds, table, id, field) {
    for (const element of [...this.box.children]) {
      const { about, close } = this.#about.get(element) ?? {};
      if (kinds.includes(about?.kind) && about.table === table && about.id === id && about.fields[0] === field) close();
    }
  }

  // The server answers "forbidden" if the user may not see the record, or may not put it into the
  // project that it was moved to.
  #kindOf({ kind, code, table, id, fields }) {
    if (code === 'gone') return code;
    return code === 'forbidden' && !(this.replica.tables[table]?.has(id) && fields.includes('project')) ? 'unseen' : kind;
  }

  // #join closes an open notice of the same kind about the same record, and returns one notice for
  // both.
  #join(notice) {
    for (const element of [...this.box.children]) {
      const { about, close } = this.#about.get(element) ?? {};
      if (about?.kind !== notice.kind || about.table !== notice.table || about.id !== notice.id) continue;
      close();
      return { ...notice, fields: [...new Set([...about.fields, ...notice.fields])], rolledBack: { ...about.rolledBack, ...notice.rolledBack } };
    }
    return notice;
  }

  // No notice may keep showing data that was erased.
  #tellErased(erased) {
    const is = (table, id) => erased.some((view) => view.table === table && view.id === id);
    for (const element of [...this.box.children]) {
      const { about, close } = this.#about.get(element) ?? {};
      if (!about || !(is(about.table, about.id) || is('devices', about.other?.clientId))) continue;
      close();
      this.tell(about);
    }
  }
}

/** isClosing reports whether a notice is about the closing of a row of a lost edit. If it failed, the row is shown again. */
const isClosing = ({ table, fields }) => table === 'violations' && fields?.includes('acknowledged');

/** closeLater closes a notice after a while, unless it is hovered or focused. */
function closeLater(notice, close) {
  setTimeout(() => (notice.matches(':hover, :focus-within') ? closeLater(notice, close) : close()), PASSING);
}
