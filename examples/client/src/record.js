// Records. A record is a Map from field name to write, and is never changed once it is shown.

import { compareText, isName, isObject, refuse } from './text.js';
import { compareStamps, compareWrites, encodeWrite, readWrite, reader, sameWrite } from './write.js';
import { encodeMembers } from './value.js';
import { later } from './time.js';

/** DELETED is the field that deletes a record if it is true, and restores it if it is false. */
export const DELETED = '$deleted';
export const ERASED = '$erased';

/** NONE is the record without fields. */
export const NONE = new Map();

/** readRecord returns the record in a parsed object, or refuses it. */
export function readRecord(node, last = reader()) {
  if (!isObject(node)) refuse('type');
  const record = new Map();
  for (const name of Object.keys(node)) {
    if (!isName(name)) refuse('name');
    record.set(name, readWrite(node[name], last));
  }
  return checkRecord(record);
}

/** checkRecord refuses a record whose field $deleted is not a boolean. */
export function checkRecord(record) {
  const deleted = record.get(DELETED);
  if (deleted && typeof deleted.value !== 'boolean') refuse('type', DELETED);
  return record;
}

export const encodeRecord = (record) => encodeMembers([...record.keys()], (name) => encodeWrite(record.get(name)));

const isTrue = (record, name) => record.has(name) && record.get(name).value === true;

export const isDeleted = (record) => isTrue(record, DELETED);
export const isErased = (record) => isDeleted(record) && isTrue(record, ERASED);

/** joined joins two records field by field. It returns the first one if the other adds nothing. */
export function joined(a, b) {
  if (a.size === 0) return b;
  let result = a;
  b.forEach((w, name) => {
    if (compareWrites(w, a.get(name)) <= 0) return;
    if (result === a) result = new Map(a);
    result.set(name, w);
  });
  return result;
}

/** where returns a record with the fields that keep selects. It returns the same record if these are all. */
export function where(record, keep) {
  const kept = [...record].filter(([name, w]) => keep(name, w));
  return kept.length === record.size ? record : new Map(kept);
}

export const some = (record, is) => [...record].some(([name, w]) => is(name, w));

export function sameRecord(a, b) {
  return a === b || (a.size === b.size && !some(a, (name, w) => !b.has(name) || !sameWrite(w, b.get(name))));
}

/** newest returns the greatest time in a record that is not above a limit. */
export function newest(record, limit) {
  let last = '';
  record.forEach((w) => {
    if (w.updatedAt <= limit) last = later(last, w.updatedAt);
  });
  return last;
}

/** isDead reports whether a record is deleted and has no time above the fence. */
export const isDead = (record, fence) => isDeleted(record) && !some(record, (_, w) => w.updatedAt > fence);

/** purged returns the normal form of a record under a fence. */
export function purged(record, fence, level) {
  if (fence === '' || record.size === 0) return record;
  if (isDead(record, fence)) return level >= 2 ? NONE : where(record, (name) => name === DELETED);
  const kept = where(record, (_, w) => !w.deleted || w.updatedAt > fence);
  if (kept.size > 0) return kept;
  const [last] = [...record].sort((a, b) => compareStamps(b[1], a[1]) || compareText(a[0], b[0]));
  return where(record, (name) => name === last[0]);
}
