// The notices of lost edits, each with the choice between the two values. A notice is drawn from a row that the server
// stores, so it is there after a reload and after days offline, and until the user has chosen.

import { attempt, element, setText } from './dom.js';
import { mayChange } from './membership.js';
import { ahead, fieldName, isNow, isTag, kindName, saidInFull, titleOf, valueOf, when } from './words.js';

const MOST = 10; // notices shown at once. The others follow as these are closed
const LONG = 300; // characters of a text that may have to be scrolled

/** Losses shows the notices of the lost edits of a replica, among its other notices. */
export class Losses {
  #shown = new Map(); // by the ID of the row: the parts of the notice, the loss, and the write that the field had at first
  #answered = new Set(); // the IDs of the rows that an edit of the user has closed, each once: the server may refuse that
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
    for (const loss of this.replica.losses.filter((loss) => this.#isAnswered(loss))) {
      this.#answered.add(loss.id);
      this.#close(loss);
    }
    const open = this.replica.losses.filter((loss) => this.#isOpen(loss)).slice(0, MOST);
    const ids = new Set(open.map((loss) => loss.id));
    for (const [id, { notice }] of this.#shown) {
      if (ids.has(id)) continue;
      this.#shown.delete(id);
      this.#remove(notice);
    }
    for (const loss of open) attempt(() => this.#draw(loss));
  }

  #now({ table, record, field }) {
    return this.replica.tables[table]?.get(record)?.data[field];
  }

  // There is nothing to choose while the record is not here or deleted, or shows the losing value again.
  #isOpen(loss) {
    const { table, record, field, losing } = loss;
    const view = this.replica.tables[table]?.get(record);
    if (!view || (view.deleted && field !== '$deleted')) return false;
    return valueOf(field, view.data[field]) !== valueOf(field, losing);
  }

  // A user who has written the field again has chosen. Of a kept field, only if the notice was there before.
  #isAnswered(loss) {
    const now = this.#now(loss);
    if (this.#answered.has(loss.id) || !now || now.clientId !== this.replica.device.clientId || now.updatedAt <= loss.winning.updatedAt) return false;
    const shown = this.#shown.get(loss.id);
    return !loss.kept || (shown !== undefined && shown.first !== now.updatedAt);
  }

  #draw(loss) {
    let shown = this.#shown.get(loss.id);
    if (!shown) this.#shown.set(loss.id, (shown = this.#make(loss)));
    shown.loss = loss;
    const view = this.replica.tables[loss.table].get(loss.record);
    const may = mayWrite(this.replica, view);
    const { text, use, keep, leave = '' } = this.#words(loss, view);
    setText(shown.text, text);
    if (text.length > LONG) shown.text.tabIndex = 0;
    setText(shown.use, use);
    setText(shown.keep, may ? keep : 'Close');
    setText(shown.leave, leave);
    shown.use.hidden = !may;
    shown.leave.hidden = !may || leave === '';
  }

  // The buttons stay the same when the text changes, so that a click in that moment is not lost.
  #make({ id, table, record, field, losing, winning }) {
    const button = (testid, act) => element('button', { type: 'button', 'data-testid': testid, onclick: () => act(this.#shown.get(id).loss) });
    const use = button('loss-use', (loss) => this.#choose(loss, losing));
    const keep = button('loss-keep', (loss) => (this.#keeps(loss) ? this.#choose(loss, winning) : this.#close(loss)));
    const leave = button('loss-leave', (loss) => this.#close(loss));
    const text = element('p');
    const notice = element('div', { class: 'notice', 'data-testid': 'notice', 'data-kind': 'loss', 'data-id': id },
      element('div', {}, text, element('div', { class: 'row' }, use, keep, leave)));
    this.notices.close(['edit_lost', 'edit_replaced'], table, record, field);
    this.notices.box.append(notice);
    return { notice, text, use, keep, leave, first: this.#now({ table, record, field })?.updatedAt };
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
    if (isTag(field)) {
      return losing.deleted
        ? { text: `You removed the ${fieldName(field)} from ${title}, and ${name} added it later without having seen that.${late}`, use: 'Remove it again', keep: 'Keep the tag' }
        : { text: `You added the ${fieldName(field)} to ${title}, and ${name} removed it later without having seen that.${late}`, use: 'Add it again', keep: 'Leave it removed' };
    }
    if (loss.kept) return this.#keptWords(loss, title, late);
    const now = view.data[field];
    const by = now && now.clientId !== winning.clientId ? `, by ${this.who(now.clientId).name}` : '';
    if (field === 'position') {
      const since = by ? ` It has been moved again since${by}.` : '';
      return { text: `You moved ${title}, and ${name} moved it later without having seen that.${since}${late}`, use: 'Move it back', keep: 'Leave it there' };
    }
    const is = now ? ` ${isNow(field, now)}${by}.` : '';
    const wrote = losing.deleted ? 'emptied it' : `wrote ${saidInFull(field, losing)}`;
    return {
      text: `Your edit to the ${fieldName(field)} of ${title} was lost: ${name} made a later one without having seen yours.${is} At ${when(losing.updatedAt)}, you ${wrote}.${late}`,
      use: 'Use mine', keep: by ? 'Leave it as it is' : 'Keep theirs',
    };
  }

  #keptWords(loss, title, late) {
    const { field, losing, winning } = loss;
    const own = this.replica.device.clientId;
    const wrote = (write) => {
      const name = write.clientId === own ? 'you' : this.who(write.clientId).name;
      return write.deleted ? `${name} emptied them` : `${name} wrote ${saidInFull(field, write)}`;
    };
    const whose = (write, otherwise) => (losing.clientId === winning.clientId ? otherwise : write.clientId === own ? 'mine' : 'theirs');
    const [first, second] = [whose(losing, 'the first'), whose(winning, 'the second')];
    const text = `The ${fieldName(field)} of ${title} were written twice: ${wrote(losing)}, and ${wrote(winning)}. Both are kept until somebody chooses.`;
    if (!this.#isOther(loss)) return { text: text + late, use: `Use ${first}`, keep: `Keep ${second}` };
    const now = this.#now(loss);
    return { text: `${text}${now ? ` Since then, ${wrote(now)}.` : ''}${late}`, use: `Use ${first}`, keep: `Use ${second}`, leave: 'Leave them as they are' };
  }

  // #isOther reports whether the field shows neither of the two values.
  #isOther(loss) {
    return valueOf(loss.field, this.#now(loss)) !== valueOf(loss.field, loss.winning);
  }

  // Keeping one of two kept values writes it: if the other author chooses differently at the same time, both are told.
  #keeps(loss) {
    return loss.kept && mayWrite(this.replica, this.replica.tables[loss.table].get(loss.record));
  }

  // The write names what the user was shown next to the button, so it cannot replace anything else unnoticed.
  #choose(loss, write) {
    const { table, record, field } = loss;
    const value = field === '$deleted' ? write.value === true : write.deleted ? null : write.value;
    if (this.replica.edit(table, record, { [field]: value }, { [field]: this.#now(loss) ?? null })) this.#close(loss);
  }

  #close({ id }) {
    this.replica.edit('violations', id, { acknowledged: true });
  }

  /** #remove removes a notice. The focus moves to the same button of another notice or, if there is none, to the panel. */
  #remove(notice) {
    const focused = notice.contains(document.activeElement) && document.activeElement.dataset.testid;
    const near = notice.nextElementSibling ?? notice.previousElementSibling;
    notice.remove();
    if (focused) (near?.querySelector(`[data-testid="${focused}"]`) ?? near?.querySelector('button') ?? this.notices.box.closest('.panel')).focus({ preventScroll: true });
  }
}

const mayWrite = (replica, view) => (view.table === 'projects' ? replica.membership.mayWrite(view.id) : mayChange(replica, view));
