// How times, values and records are written for people. Times are in the reader's zone.

import { isPrivate } from './buckets.js';
import { clockOf, dayOf, local } from './zone.js';

const FIELDS = { title: 'title', status: 'status', due: 'due date', assignee: 'assignee', host: 'host', slot: 'room and time', name: 'name', project: 'project', notes: 'notes', position: 'place', $deleted: 'deletion' };
const STATUSES = { todo: 'To do', doing: 'Doing', done: 'Done' };
const KINDS = { tasks: 'task', projects: 'project', meetings: 'meeting', devices: 'device', violations: 'conflict' };

export const statuses = Object.entries(STATUSES);

const RULES = { scheduling_conflict: 'double bookings', capacity_exceeded: 'full rooms', stale_assignment: 'assignments', lost_edit: 'lost edits' };

export const ruleName = (rule) => RULES[rule] ?? rule;

export const isTag = (field) => field.startsWith('tag/');
export const isVote = (field) => field.startsWith('votes/');

/** isElement reports whether a field is a tag or a vote. */
export const isElement = (field) => isTag(field) || isVote(field);

export const fieldName = (field) => FIELDS[field] ?? (isTag(field) ? `tag ‘${short(plain(field.slice(4)))}’` : isVote(field) ? 'votes' : field);

/** fieldNames returns the names of fields, each of them once. */
export const fieldNames = (fields) => [...new Set(fields.map(fieldName))].join(', ');
export const kindName = (table) => KINDS[table] ?? 'record';

/** msOf returns the time of a stamp in milliseconds. */
export const msOf = (stamp) => Date.parse(`${stamp.slice(0, 23)}Z`);

/** when returns the time of a stamp, with the day if that is not today. */
export const when = (stamp) => timeOf(new Date(msOf(stamp)));

/** timeOf returns the time of a Date in the same form. */
export function timeOf(time) {
  const text = local(time);
  const clock = text.slice(11, 19);
  return text.slice(0, 10) === local(new Date()).slice(0, 10) ? clock : `${clock} on ${day(text.slice(0, 10))}`;
}

/** day returns a date such as 2026-03-06 in words: 6 Mar 2026. */
export function day(date) {
  const time = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(time.getTime())) return date;
  return time.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
}

/** span returns a duration in the largest unit that it fills. */
export function span(milliseconds) {
  const units = [[86_400_000, 'day'], [3_600_000, 'hour'], [60_000, 'minute'], [1000, 'second']];
  for (const [size, name] of units) {
    const n = Math.round((milliseconds / size) * 10) / 10;
    if (n >= 1) return `${n} ${name}${n === 1 ? '' : 's'}`;
  }
  return milliseconds === 1 ? '1 millisecond' : `${milliseconds} milliseconds`;
}

/**
 * ahead says by how much the clock of the author of a write is ahead, if the write has a time that has not come yet.
 * Otherwise it returns ''.
 */
export function ahead(replica, { updatedAt }, name) {
  const by = msOf(updatedAt) - replica.serverNow();
  return by < NOTICEABLE ? '' : ` The clock of ${name} is at least ${span(by)} ahead.`;
}

/** NOTICEABLE is the least difference between clocks that people are told about, in milliseconds. */
export const NOTICEABLE = 2000;

/** plain returns a text without the characters that would turn the words around it: see UAX #9, 2. */
export const plain = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '');

/** text returns a value as it is shown. */
function text(field, value) {
  if (field === 'status') return STATUSES[value] ?? String(value);
  if (field === 'due') return day(String(value));
  if (field === 'slot') return place(value);
  return typeof value === 'string' ? plain(value) : JSON.stringify(value);
}

/** said returns the value of a write in words, such as ‘Paint the fence’. */
export const said = (field, write) => inWords(field, write, short);

/** saidInFull does the same, and does not truncate a long text. */
export const saidInFull = (field, write) => inWords(field, write, (text) => text);

function inWords(field, write, cut) {
  if (field === '$deleted') return write.value ? 'that it is deleted' : 'that it is not deleted';
  const state = stateOf(field, write);
  if (state) return `that it is ${state}`;
  if (field === 'position') return 'another place';
  if (write.deleted) return 'an empty value';
  return `‘${cut(text(field, write.value))}’`;
}

/** whereIs returns a value of the field project in words. */
export const whereIs = (write) => (isPrivate(write.value) ? 'in a private project' : 'for everyone');

// stateOf returns the value of a field that says how the record is, and otherwise ''.
const stateOf = (field, write) => (field === 'project' ? whereIs(write) : !isTag(field) ? '' : write.deleted ? 'removed' : 'there');

/** isNow says what a field holds now. */
export const isNow = (field, write) => `It is now ${stateOf(field, write) || (write.deleted ? 'empty' : said(field, write))}`;

const MOST = 80; // characters of a text that are quoted

/** short truncates a long text. */
export function short(text) {
  if (text.length <= MOST) return text;
  let end = 0;
  for (const { index, segment } of characters(text.slice(0, 2 * MOST))) {
    if (index + segment.length < MOST) end = index + segment.length;
  }
  return `${text.slice(0, end)}…`;
}

const segmenter = new Intl.Segmenter();

/** characters splits a text into the characters that a reader sees: an emoji may consist of several code points. */
const characters = (text) => [...segmenter.segment(text)];

/** firstLetter returns the first character of a text in upper case. */
export const firstLetter = (text) => characters(text)[0].segment.toUpperCase();

/** place returns a slot in words: Room B at 14:00 on 2 Mar 2026. */
export function place(slot) {
  if (typeof slot?.start !== 'string' || Number.isNaN(Date.parse(slot.start))) return 'nowhere';
  return `${slot.room} at ${clockOf(slot.start)} on ${day(dayOf(slot.start))}`;
}

/** value returns the value of a field of a view, or undefined if it has none. */
export const value = (view, field) => view?.data[field]?.value;

/** valueOf returns the value of a write, to compare. A field without a write is empty, and its record is not deleted. */
export function valueOf(field, write) {
  if (field === '$deleted') return write?.value === true;
  return !write || write.deleted ? null : JSON.stringify(write.value);
}

/** titleOf returns the title of a record for people. */
export function titleOf(view) {
  const title = value(view, 'title') ?? value(view, 'name');
  return typeof title === 'string' && title !== '' ? `“${short(plain(title))}”` : `a ${kindName(view?.table)}`;
}

/** projectName returns the name of a private project, as a replica knows it. */
export function projectName(replica, project) {
  const name = value(replica.tables.projects.get(project), 'name');
  return typeof name === 'string' && name.trim() !== '' ? short(plain(name)) : 'Project without a name';
}

/** edits returns a number of edits in words. */
export const edits = (n) => (n === 1 ? '1 edit' : `${n} edits`);
