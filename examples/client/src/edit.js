// Edits by the user.

import { compareText, isName, reading, refuse } from './text.js';
import { LAST, MAX, after, later } from './time.js';
import { canonical, checkValue, parse } from './value.js';
import { deletion } from './write.js';
import { DELETED, NONE, checkRecord } from './record.js';
import { find, shown, top } from './held.js';
import { enqueue, newItem } from './outbox.js';
import { limit, observe, tick } from './clock.js';
import { noticeFuture } from './notice.js';

/** edit writes some fields of a record as one mutation; see Replica. */
export function edit(r, { table, id, fields, seen = {} }) {
  const names = Object.keys(fields).sort(compareText);
  if (names.length === 0) refuse('no fields');
  if (!isName(table) || !isName(id)) refuse('name');
  if (!r.id) refuse('client');
  const h = find(r, table, id);
  const record = h ? shown(r, h) : NONE;
  const values = names.map((name) => checked(name, fields[name]));
  const { stamp, future } = stampAbove(r, record, names);
  const data = new Map();
  names.forEach((name, i) => data.set(name, values[i] === undefined ? deletion(stamp, r.id) : { value: values[i], updatedAt: stamp, clientId: r.id }));
  const it = newItem(table, id, checkRecord(data), { isNew: record.size === 0, seen: r.seen });
  for (const name of names) setBase(h, it, { name, seen, w: record.get(name) });
  const untold = future.filter((name) => !h || !top(h, name) || !top(h, name).told);
  if (stamp > r.last) r.ahead.add(stamp);
  enqueue(r, it);
  noticeFuture(r, it, untold);
  if (future.length > 0) it.told = true; // the edit may replace the one that the user was told about
}

// checked returns a copy of a value. Undefined deletes the field.
function checked(name, value) {
  if (!isName(name) || (name[0] === '$' && name !== DELETED)) refuse('name');
  if (value === undefined) return name === DELETED ? refuse('type', name) : undefined;
  reading('type', () => checkValue(value), name);
  return typeof value === 'object' ? parse(canonical(value)) : value;
}

// The base of a field is the stamp that the user saw. Servers refuse a base above the greatest stamp: it was issued
// by the server's own clock, and the base of the write that waits in the field replaces it.
function setBase(h, it, { name, seen, w }) {
  const saw = Object.keys(seen).includes(name) ? seen[name] : w;
  const base = saw ? { updatedAt: saw.updatedAt, clientId: saw.clientId } : null;
  if (!base || base.updatedAt <= MAX) it.base.set(name, base);
  else if (h && top(h, name) && top(h, name).base.has(name)) it.base.set(name, top(h, name).base.get(name));
}

// stampAbove returns a time above the fields that the user sees. Fields whose stamp the clock must not follow are
// the future ones. The stamp of a waiting edit is not issued again.
function stampAbove(r, record, names) {
  const most = later(limit(r), r.last);
  const times = names.map((name) => (record.has(name) ? record.get(name).updatedAt : ''));
  const future = names.filter((_, i) => times[i] > most);
  observe(r, times.filter((time) => time <= most).reduce(later, ''));
  const beyond = times.filter((time) => time > most).reduce(later, '');
  let stamp = tick(r);
  if (beyond >= stamp) {
    stamp = after(beyond);
    while (r.ahead.has(stamp)) stamp = after(stamp);
    if (stamp >= LAST) refuse('stamp');
  }
  return { stamp, future };
}
