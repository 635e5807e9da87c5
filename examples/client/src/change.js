// Changes of what is confirmed of a record: it is brought, it leaves, or it is forgotten.
//
// A record leaves when it is dead, erased, or in no bucket any longer that the client may read. The client forgets
// it and writes nothing. Its edits are hidden until a line of a pull brings the record again, but they are sent.

import { MAX, earlier } from './time.js';
import { NONE, newest, sameRecord } from './record.js';
import { sameStamp, sameValue, sameWrite } from './write.js';
import { itemsOf, known, stale, touch } from './held.js';
import { rebase } from './outbox.js';
import { lives } from './judge.js';
import { serverTime } from './clock.js';
import { restampWaiting } from './restamp.js';
import { dropWhy, merged, updateWhys } from './why.js';

/** change runs a function that changes the confirmed record or the overlays. */
export function change(r, h, act) {
  touch(r, h);
  const { confirmed, created } = h;
  const before = known(r, h);
  act();
  updateWhys(h, before, known(r, h));
  h.created = createdAfter(r, h);
  if (h.created !== created || h.whyStale || !sameRecord(h.confirmed, confirmed)) stale(r, h);
  if (h.confirmed.size > 0) followRepair(r, h, before); // otherwise it was forgotten, and what is known falls to overlays
}

/** forget forgets what is confirmed of a record. */
export function forget(h) {
  [...h.whys.keys()].forEach((name) => dropWhy(h, name));
  h.confirmed = NONE;
  h.within = null;
}

/** leave forgets a record that has left, and hides its edits, unless it is likely to be dead. */
export function leave(r, h) {
  const hides = r.divided || r.level < 2 || newest(h.confirmed, MAX) > r.fence;
  forget(h);
  if (hides) setHidden(r, h, true);
}

/** setHidden hides the edits of a record, or shows them again. */
export function setHidden(r, h, hidden) {
  for (const it of itemsOf(h)) {
    if (it.hidden === hidden) continue;
    it.hidden = hidden;
    (it.queue ? r.entries.outbox : r.entries.accepted).set(it.number, it);
  }
}

/** isBrought reports whether a line of a pull has brought what is confirmed of a record. */
export const isBrought = (h) => h.within === null || h.within.length > 0;

// The new value of created. While a reset is not settled, a missing record keeps it, because it may come back.
function createdAfter(r, h) {
  const now = h.confirmed;
  if (!h.created || (now.size === 0 && r.loading)) return h.created;
  return !lives(r, now) || mayBeReborn(r, h) ? '' : newest(now, MAX);
}

// Another client may have created the record again: all stamps of a new life are above the stamps of the dead record.
function mayBeReborn(r, h) {
  const oldest = [...h.confirmed.values()].reduce((least, w) => earlier(least, w.updatedAt), MAX);
  return h.created <= r.fence && oldest > h.created;
}

// A repair lowers the stamp of a write. Waiting edits based on the old stamp are rebased on the new one.
function followRepair(r, h, before) {
  const upon = [];
  const now = known(r, h);
  merged(h, before).forEach((old, name) => {
    const w = now.get(name);
    if (!w || w.updatedAt >= old.updatedAt) return;
    if (old.clientId === r.id && old.updatedAt === r.mark) r.mark = w.updatedAt;
    for (const it of h.waiting) {
      if (!it.data.has(name) || !sameStamp(it.base.get(name), old)) continue;
      // Of another value, the author has seen nothing.
      rebase(r, it, name, sameValue(w, old) ? { updatedAt: w.updatedAt, clientId: w.clientId } : undefined);
      upon.push(it);
    }
  });
  if (upon.length > 0) restampWaiting(r, { time: serverTime(r), late: upon });
}

/** keepCreated notes that this client has created a record that the server still has. */
export function keepCreated(r, h, own) {
  own.forEach((w, name) => {
    if (h.created || !sameWrite(h.confirmed.get(name), w) || !lives(r, h.confirmed)) return;
    h.created = newest(h.confirmed, MAX);
    stale(r, h);
  });
}
