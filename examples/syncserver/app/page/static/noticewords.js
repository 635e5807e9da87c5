// What a notice says, and which action it offers.

import { ahead, fieldName, fieldNames, isNow, isVote, kindName, said, saidInFull, span, titleOf, when } from './words.js';

const REASONS = {
  title_too_long: 'a title can have at most 80 characters',
  forbidden: 'you are not in the project that you chose, or may not see the task any more',
  read_only: 'you may only read its project',
  derived_field: 'only the server can write this field',
  unknown_field: 'a meeting has no such field',
  other_device: 'only the device itself can change its name',
  unknown_table: 'the server does not know this kind of record',
  limit_exceeded: 'it is too large',
  record_full: 'the record is full. Shorten something in it, or delete something from it',
  other_client: 'it was written by another device',
};

/**
 * NoticeWords has a method for each kind of notice. It returns the arguments of Notices.add, with the text as a member, or
 * null if there is nothing to tell.
 */
export class NoticeWords {
  /** @param actions the actions that notices offer: rejoin, which takes a new client ID */
  constructor(replica, who, actions) {
    this.replica = replica;
    this.who = who;
    this.actions = actions;
  }

  refused({ table, id, fields, code, detail, rolledBack }) {
    const field = fields.length === 1 ? fields[0] : rolledBack.title ? 'title' : null;
    const shown = this.replica.tables[table]?.get(id);
    const isNew = !shown;
    const what = isNew ? `the new ${kindName(table)}` : `the ${fieldNames(fields)} of ${titleOf(shown)}`;
    const wrote = field && rolledBack[field] ? ` You wrote ${said(field, rolledBack[field])}.` : '';
    const chosen = code === 'read_only' && fields.includes('project') && !isNew ? ', or the one that you chose' : '';
    const full = code === 'limit_exceeded' && fields.includes('notes') && this.replica.losses.length > 0; // see Keep in the options of the server
    const cure = fields.some(isVote) && detail; // the server names the cure if there are too many
    const reason = full ? 'too many notes of yours were lost. Choose between the values of some of them first' : cure || (REASONS[code] ?? detail ?? code) + chosen;
    const edited = fields.some((f) => shown?.waiting.includes(f)); // edited again before the refusal arrived
    const later = fields.find((f) => shown?.data[f]?.updatedAt > rolledBack[f]?.updatedAt); // written by another device meanwhile
    const now = isNew ? 'It was removed.' : edited ? 'Your later edit is kept.' : later ? `${isNow(later, shown.data[later])}.` : 'It was put back as it was.';
    return { text: `The server refused ${what}: ${reason}. ${now}${wrote}`, bad: true };
  }

  no_history() {
    return { text: 'The history cannot be loaded now: the server does not answer.', passing: true };
  }

  // The server no longer knows whether the edited record or fields have been deleted since.
  gone({ table, id, fields, rolledBack }) {
    const isDeletion = (f) => (f === '$deleted' ? rolledBack[f].value : rolledBack[f].deleted);
    const lost = fields.filter((f) => rolledBack[f] && !isDeletion(f));
    if (lost.length === 0) return null; // the edits only deleted something
    if (table === 'violations') return { text: 'You chose to keep a conflict as it is. This came too late: the conflict is no longer there.', passing: true };
    const shown = this.replica.tables[table]?.get(id);
    const kind = kindName(table);
    const values = lost.filter((f) => f !== '$deleted');
    if (!shown && values.length === 0) return { text: `You restored a ${kind} too late: it has been removed meanwhile.`, bad: true };
    const what = shown ? `the ${fieldNames(lost)} of ${titleOf(shown)}` : `a ${kind}`;
    const wrote = values.filter((f) => f !== 'position').map((f) => `${fieldName(f)} ${saidInFull(f, rolledBack[f])}`).join(', ');
    const why = shown ? `${lost.length === 1 ? 'this field' : 'these fields'} may have been emptied meanwhile` : `the ${kind} may have been deleted and removed meanwhile`;
    const text = `Your edit to ${what} came too late, and is not kept: ${why}.${wrote ? ` You wrote: ${wrote}.` : ''}`;
    return { text, bad: true, button: this.#again(shown, { table, id, fields: Object.fromEntries(values.map((f) => [f, rolledBack[f].value])) }) };
  }

  // #again returns a button that makes an edit again that is gone, or null if it wrote too few
  // fields for a new record.
  #again(shown, { table, id, fields }) {
    const names = Object.keys(fields);
    if (shown) {
      const isFree = !shown.deleted && names.length > 0 && names.every((f) => !shown.data[f]);
      return isFree ? { text: 'Write it again', act: () => this.replica.edit(table, id, fields) } : null;
    }
    const needed = { tasks: ['title'], meetings: ['title', 'slot'] }[table];
    if (!needed?.every((f) => f in fields)) return null;
    const status = table === 'tasks' ? { status: 'todo' } : {};
    return { text: `Make a new ${kindName(table)} of it`, act: () => this.replica.edit(table, null, { ...status, ...fields }) };
  }

  // The record has left this device, so only what the user wrote can be quoted.
  unseen({ table, fields, rolledBack }) {
    const kind = kindName(table);
    const said = fields.filter((f) => rolledBack[f] && !['$deleted', 'project', 'position'].includes(f)).sort((a, b) => (b === 'title') - (a === 'title'));
    const wrote = said.map((f) => `${fieldName(f)} ${saidInFull(f, rolledBack[f])}`).join(', ');
    const why = table === 'projects' ? 'you are no longer in it' : `you are no longer in its project, or the ${kind} was moved to one that you are not in`;
    const what = wrote ? `What you wrote in a ${kind}` : `Your change of a ${kind}`;
    return { text: `${what} is not kept: ${why}.${wrote ? ` You wrote: ${wrote}.` : ''}`, bad: true };
  }

  tasks_left({ items }) {
    const [tasks, are] = items === 1 ? ['A task is', 'it was'] : [`${items} tasks are`, 'they were'];
    return { text: `${tasks} no longer on this device: ${are} moved to a project that you are not in, or erased.`, passing: true };
  }

  project_joined({ name, role }) {
    const may = { writer: 'You can change its tasks', owner: 'You can change its tasks, and decide who is in it' }[role] ?? 'You can read its tasks, but not change them';
    return { text: `You are now in the project “${name}”. ${may}.`, passing: true };
  }

  project_left({ name }) {
    return { text: `You are no longer in the project “${name}”, so its tasks are no longer on this device.`, bad: true };
  }

  role_changed({ name, role }) {
    const may = { writer: `change the tasks of the project “${name}”`, owner: `change the tasks of the project “${name}”, and decide who is in it` }[role];
    return { text: may ? `You can now ${may}.` : `You can now only read the project “${name}”.`, passing: may !== undefined };
  }

  not_granted({ detail }) {
    return { text: detail ? `The membership was not changed: ${detail}.` : 'The server did not answer, so it is not known yet whether the membership was changed.', bad: true };
  }

  erased({ table }) {
    const kind = kindName(table);
    return { text: `A ${kind} was erased on the server. Your edit to the ${kind} is not kept.`, bad: true };
  }

  edit_lost({ table, id, fields, other }) {
    if (this.#isLoss(table, id, fields[0])) return null;
    const shown = this.replica.tables[table]?.get(id);
    const hasValue = fields[0] !== 'position';
    const now = hasValue && shown?.data[fields[0]];
    const instead = now && now.clientId === other.clientId ? ` ${isNow(fields[0], now)}.` : '';
    const why = this.replica.why(table, id, fields[0]);
    const own = hasValue && why && !why.unknown && why.loser.clientId === this.replica.device.clientId ? ` You wrote ${said(fields[0], why.loser)}.` : '';
    const { name } = this.who(other.clientId);
    return { text: `Your edit to the ${fieldName(fields[0])} of ${titleOf(shown)} came too late: ${name} made a later one without having seen yours.${instead}${own}${ahead(this.replica, other, name)}` };
  }

  edit_replaced({ table, id, fields, other }) {
    const [field] = fields;
    if (this.#isLoss(table, id, field)) return null;
    const why = this.replica.why(table, id, field);
    const value = field !== 'position' && why && !why.unknown && why.loser.clientId === other.clientId ? `: ${said(field, why.loser)}` : '';
    return { text: `Your edit to the ${fieldName(field)} of ${titleOf(this.replica.tables[table]?.get(id))} replaced one by ${this.who(other.clientId).name} that you had not seen${value}.` };
  }

  // A loss has a notice of its own, with a choice; see losses.js.
  #isLoss(table, id, field) {
    return this.replica.losses.some((loss) => loss.table === table && loss.record === id && loss.field === field);
  }

  record_deleted({ table, id }) {
    const shown = this.replica.tables[table]?.get(id);
    const by = shown?.data.$deleted ? this.who(shown.data.$deleted.clientId).name : 'Someone else';
    const restore = () => this.replica.edit(table, id, { $deleted: false });
    return { text: `${by} had deleted ${titleOf(shown)} in the meantime. Your edit is kept beneath the deletion. The ${kindName(table)} stays deleted until somebody restores it.`, button: { text: 'Restore it', act: restore } };
  }

  clock_corrected({ by, code }) {
    const again = code ? ' Edits that the server had refused for that reason have been stamped again.' : '';
    if (Math.abs(by) < 1000) return again ? { text: again.trim(), passing: true } : null; // too small a correction for a notice
    if (this.replica.offset === 0) return { text: `Your clock agrees with the server’s again, and is no longer corrected.${again}`, passing: true };
    const off = `${span(Math.abs(by))} ${by < 0 ? 'ahead' : 'behind'}`;
    return { text: `By the server’s time, your clock was ${off}. It has been corrected.${again}`, passing: true };
  }

  future_stamp({ table, id, fields, other }) {
    const what = `the ${fieldNames(fields)} of ${titleOf(this.replica.tables[table]?.get(id))}`;
    return { text: `Your edit to ${what} waits, because it replaces a write by ${this.who(other.clientId).name} with a time in the future, ${when(other.updatedAt)}. Your edit will be sent when that time has come, or once the record has been repaired on the server.`, bad: true };
  }

  storage_full() {
    return { text: 'The server has no room for what some of your edits add. They are kept on this device, and sent again until there is room. Deleting something makes room.', bad: true };
  }

  resync({ why, items: waiting = 0 }) {
    const kept = waiting === 0 ? '' : ` ${waiting === 1 ? 'One edit that has not been sent is' : `${waiting} edits that have not been sent are`} kept, and sent now.`;
    if (why === 'fence') {
      return { text: `This device last synced longer ago than the server keeps deletions. All data is being fetched again.${kept}`, passing: waiting === 0 };
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
