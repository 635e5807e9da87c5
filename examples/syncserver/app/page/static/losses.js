// The notices of lost edits, each with the choice between the two values. A notice is drawn from a row that the server
// stores, so it is there after a reload and after days offline, and until the user has chosen.

import { attempt, element } from './dom.js';
import { mayChange } from './membership.js';
import { ahead, fieldName, isNow, kindName, saidInFull, titleOf, valueOf, when } from './words.js';

const MOST = 10; // notices shown at once. The others follow as these are closed

/** Losses shows the notices of the lost edits of a replica, among its other notices. */
export class Losses {
  #shown = new Map(); // by the ID of the row: the notice, and what it was drawn from
  #drawing = 0;

  /** @param {import('./notices.js').Notices} notices */
  constructor(replica, who, notices) {
    this.replica = replica;
    this.who = who;
    this.notices = notices;
    for (const type of ['change', 'membership']) replica.addEventListener(type, () => (this.#drawing ||= setTimeout(() => this.draw())));
    this.draw();
  }

  draw() {
    clearTimeout(this.#drawing);
    this.#drawing = 0;
    const open = this.replica.losses.filter((loss) => this.#isOpen(loss)).slice(0, MOST);
    const ids = new Set(open.map((loss) => loss.id));
    for (const [id, { notice }] of this.#shown) {
      if (ids.has(id)) continue;
      this.#shown.delete(id);
      this.#replace(notice, null);
    }
    for (const loss of open) attempt(() => this.#draw(loss));
  }

  #view({ table, record }) {
    return this.replica.tables[table]?.get(record);
  }

  // There is nothing to choose while the record is not here, or shows the losing value again.
  #isOpen(loss) {
    const view = this.#view(loss);
    return view !== undefined && valueOf(loss.field, view.data[loss.field]) !== valueOf(loss.field, loss.losing);
  }

  #draw(loss) {
    const view = this.#view(loss);
    const now = view.data[loss.field];
    const { text, use, keep } = this.#words(loss, view);
    const may = mayWrite(this.replica, view);
    const from = JSON.stringify([text, use, may, now?.updatedAt, now?.clientId]);
    const old = this.#shown.get(loss.id);
    if (old?.from === from && old.notice.isConnected) return;

    const button = (testid, words, act) => element('button', { type: 'button', 'data-testid': testid, onclick: act }, words);
    const buttons = [button('loss-keep', may ? keep : 'Close', () => this.#close(loss))];
    if (may) buttons.unshift(button('loss-use', use, () => this.#use(loss, now ?? null)));
    const notice = element('div', { class: 'notice', 'data-testid': 'notice', 'data-kind': 'loss', 'data-id': loss.id },
      element('div', {}, element('p', {}, text), element('div', { class: 'row' }, ...buttons)));
    this.notices.close(['edit_lost', 'edit_replaced'], loss.table, loss.record, loss.field);
    if (old?.notice.isConnected) this.#replace(old.notice, notice);
    else this.notices.box.append(notice);
    this.#shown.set(loss.id, { notice, from });
  }

  #words(loss, view) {
    const { field, losing, winning } = loss;
    const { name } = this.who(winning.clientId);
    const title = titleOf(view);
    const late = ahead(this.replica, winning, name);
    if (field === '$deleted') {
      const what = kindName(view.table);
      return losing.value
        ? { text: `You deleted ${title}, and ${name} restored it later without having seen that.${late}`, use: 'Delete it again', keep: `Keep the ${what}` }
        : { text: `You restored ${title}, and ${name} deleted it later without having seen that.${late}`, use: 'Restore it again', keep: 'Leave it deleted' };
    }
    const now = `${view.data[field] ? ` ${isNow(field, view.data[field])}.` : ''}${view.deleted ? ` The ${kindName(view.table)} is deleted.` : ''}`;
    if (loss.kept) return this.#keptWords(loss, title, now + late);
    return {
      text: `Your edit to the ${fieldName(field)} of ${title} was lost: ${name} made a later one without having seen yours.${now} At ${when(losing.updatedAt)}, you wrote ${saidInFull(field, losing)}.${late}`,
      use: 'Use mine', keep: 'Keep theirs',
    };
  }

  #keptWords({ field, losing, winning }, title, more) {
    const own = this.replica.device.clientId;
    const name = ({ clientId }) => (clientId === own ? 'you' : this.who(clientId).name);
    const wrote = [losing, winning].map((write) => `${name(write)} wrote ${saidInFull(field, write)}`).join(', and ');
    const [use, keep] = losing.clientId !== own ? ['Use theirs', 'Keep mine'] : winning.clientId !== own ? ['Use mine', 'Keep theirs'] : ['Use the first', 'Keep the second'];
    return { text: `The ${fieldName(field)} of ${title} were written twice: ${wrote}. Both are kept until somebody chooses.${more}`, use, keep };
  }

  // The write names what the user was shown next to the button, so it cannot replace anything else unnoticed.
  #use(loss, seen) {
    const { table, record, field, losing } = loss;
    const value = field === '$deleted' ? losing.value === true : losing.deleted ? null : losing.value;
    if (this.replica.edit(table, record, { [field]: value }, { [field]: seen })) this.#close(loss);
  }

  #close({ id }) {
    this.replica.edit('violations', id, { acknowledged: true });
  }

  /** #replace replaces a notice. The focus moves to the same button, to another notice or, if there is none, to the panel. */
  #replace(notice, next) {
    const focused = notice.contains(document.activeElement) && document.activeElement.dataset.testid;
    const near = next ?? notice.nextElementSibling ?? notice.previousElementSibling;
    if (next) notice.replaceWith(next);
    else notice.remove();
    if (focused) (near?.querySelector(`[data-testid="${focused}"]`) ?? near?.querySelector('button') ?? this.notices.box.closest('.panel')).focus({ preventScroll: true });
  }
}

const mayWrite = (replica, view) => (view.table === 'projects' ? replica.membership.mayWrite(view.id) : mayChange(replica, view));
