// The lines of a pull. A pull consists of chunks, each with a trailer at its end, which are applied in one step.

import { compareText, isCount, isName, isObject, isText, reading, refuse } from './text.js';
import { parseTime } from './time.js';
import { parseExactly } from './value.js';
import { isColumns, unpack } from './columns.js';
import { NONE, readRecord } from './record.js';
import { reader } from './write.js';

/**
 * readChunks reads the lines of a pull. Lines after the last trailer are discarded.
 * @returns {{resets: object[], rows: object[], erased: object[], trailer: object}[]}
 */
export const readChunks = (r, lines) => reading('answer', () => read(r, lines));

function read(r, lines) {
  const all = [];
  const last = reader();
  let c = newChunk();
  for (const text of lines.split('\n')) {
    if (text.trim() === '') continue;
    const line = JSON.parse(text);
    if (!isObject(line)) refuse('answer');
    if (typeof line.cursor === 'string' && !line.table) {
      c.trailer = readTrailer(line);
      all.push(c);
      c = newChunk();
    } else if (Array.isArray(line.reset) && !line.table) readReset(c, line);
    else if (line.left === true) readLeft(c, line);
    else {
      const rows = readRows(r, line, last);
      for (const row of last.isRounded ? readRows(r, parseExactly(text), last) : rows) c.rows.push(row);
    }
  }
  return all;
}

function readRows(r, line, last) {
  last.isRounded = false;
  return isColumns(line) ? unpack(line).map((row) => readRow(r, row, last)) : [readRow(r, line, last)];
}

function readRow(r, row, last) {
  const { table, id } = readKey(row);
  if (row.in !== last.rawWithin) {
    last.within = readWithin(r, row.in);
    last.rawWithin = row.in;
  }
  return { table, id, data: readRecord(row.data, last), within: last.within };
}

const newChunk = () => ({ resets: [], rows: [], erased: [], trailer: null });

// All resets precede the records of their chunk.
function readReset(c, { reset, why }) {
  if (c.rows.length > 0 || typeof why !== 'string' || why === '') refuse('answer');
  c.resets.push({ buckets: names(reset), why });
}

// A record without fields has left.
function readLeft(c, line) {
  const key = readKey(line);
  c.rows.push({ ...key, data: NONE, within: null });
  if (line.erased === true) c.erased.push(key);
}

/** readKey returns the key of a record in a parsed object, or refuses it. */
export const readKey = ({ table, id }) => (isName(table) && isName(id) ? { table, id } : refuse('name'));

function readTrailer({ cursor, more, buckets, fence, level, clock, seen }) {
  if (!isText(cursor)) refuse('utf8', 'cursor');
  return {
    cursor,
    more: more === true,
    told: buckets === undefined || buckets === null ? undefined : heldForm(names(buckets)),
    fence: fence ? parseTime(fence) : '',
    level: isCount(level) ? level : 0,
    clock: clock ? parseTime(clock) : '',
    seen: seen && readSeen(seen),
  };
}

/** readSeen returns what a client has pulled: everything up to a sequence. */
export const readSeen = ({ epoch, seq }) => (isName(epoch) && isCount(seq) ? { epoch, seq } : refuse('name'));

const MOST_SHARED = 10_000; // lists of buckets that records share

// readWithin returns the buckets of a record. Records share the lists, which saves memory.
function readWithin(r, list) {
  if (list === undefined || list === null) return null;
  const key = JSON.stringify(list);
  if (!r.shared.has(key)) {
    if (r.shared.size >= MOST_SHARED) r.shared.clear();
    r.shared.set(key, heldForm(names(list)));
  }
  return r.shared.get(key);
}

/** names returns the distinct names in a list, sorted. */
export function names(list) {
  if (!Array.isArray(list) || !list.every(isText)) refuse('answer', 'in');
  return [...new Set(list)].sort(compareText);
}

/** heldForm returns the form in which sorted buckets are held: null for the one bucket "". */
export const heldForm = (list) => (list.length === 1 && list[0] === '' ? null : list);

/** sameNames reports whether two lists of buckets are equal; either may be missing. */
export const sameNames = (a, b) => a === b || Boolean(a && b && a.length === b.length && a.every((name, i) => name === b[i]));

/** whyOf returns why buckets are reset, or ''. Of several reasons it is the one that concerns the most. */
export function whyOf(c) {
  let why = '';
  for (const reset of c.resets) if (why === '' || why === 'grant' || reset.why === 'epoch') why = reset.why;
  return why;
}
