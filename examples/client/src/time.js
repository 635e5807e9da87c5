// Times of stamps. A time is text of thirty characters, such as 2026-03-01T10:00:00.000000000Z, so the order of
// the texts is the order of the times. The six digits below the millisecond are a counter. The empty text is
// the time before all others.

import { refuse } from './text.js';

/** MAX is the greatest time. */
export const MAX = '2262-04-10T23:59:59.999999999Z';

/** ENDLESS is a day before MAX. The clock follows no later time, so it can always issue one above. */
export const ENDLESS = '2262-04-09T23:59:59.999999999Z';

/** UNSET is the time before which a clock is assumed not to be set. */
export const UNSET = '2020-01-01T00:00:00.000000000Z';

/** LAST is the end of the day after MAX, which clocks that follow MAX reach. Only writes that a server has judged are read up to it. */
export const LAST = '2262-04-11T23:47:16.854775807Z';

const MIN = '1970-01-01T00:00:00.000000001Z';

export const later = (a, b) => (a > b ? a : b);
export const earlier = (a, b) => (a < b ? a : b);

/** msOf returns the milliseconds since 1970 of a time. */
export const msOf = (time) => (time === '' ? 0 : Date.parse(`${time.slice(0, 23)}Z`));

const MAX_MS = msOf(MAX);

/** textOf returns the time of some milliseconds since 1970, which must be in the range. */
export const textOf = (ms, counter) => `${new Date(Math.floor(ms)).toISOString().slice(0, 23)}${counter === 0 ? '000000' : String(counter).padStart(6, '0')}Z`;

/** timeOf returns the time of some milliseconds since 1970, within the range of stamps. */
export function timeOf(ms, counter = 0) {
  if (!(ms >= 0) || (ms === 0 && counter === 0)) return '';
  return textOf(Math.min(ms, MAX_MS), counter);
}

/** after returns the next time. Above MAX it is on the following day, which servers refuse. */
export function after(time) {
  const counter = time === '' ? 0 : Number(time.slice(23, 29));
  return counter < 999999 ? textOf(msOf(time), counter + 1) : textOf(msOf(time) + 1, 0);
}

/** before returns the time before a time. */
export function before(time) {
  const counter = Number(time.slice(23, 29));
  return counter > 0 ? timeOf(msOf(time), counter - 1) : timeOf(msOf(time) - 1, 999999);
}

const FORM = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)$/;

// The canonical text of a time on one of the days that every month has.
const COMMON = /^\d{4}-(?:0[1-9]|1[012])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{9}Z$/;

/** parseTime returns the canonical text of a time, or refuses it. */
export function parseTime(text, most = MAX) {
  const time = timeIn(text);
  return time >= MIN && time <= most ? time : refuse('stamp');
}

/** timeIn returns the canonical text of a time, or '' if it is none; the time may be out of range. */
export function timeIn(text) {
  if (typeof text !== 'string') return '';
  if (COMMON.test(text)) return text;
  const [, seconds, fraction = ''] = FORM.exec(text) || [];
  const date = new Date(`${seconds}Z`); // it reads 30 February as 2 March
  return date >= 0 && date.toISOString().slice(0, 19) === seconds ? `${seconds}.${fraction.padEnd(9, '0')}Z` : '';
}

/** readStamp returns the stamp in a parsed object, or refuses it. */
export const readStamp = ({ updatedAt, clientId }) => ({ updatedAt: parseTime(updatedAt, LAST), clientId: parseClient(clientId) });

const CLIENT = /^(?![-0]+$)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** parseClient returns the canonical text of a client ID, or refuses it. */
export const parseClient = (text) => (typeof text === 'string' && CLIENT.test(text) ? text.toLowerCase() : refuse('client'));
