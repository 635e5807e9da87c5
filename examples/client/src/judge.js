// How a server judges items under a fence: data deleted at or below the fence may have been purged, so what comes
// late may be gone.

import { DELETED, NONE, isDead, isErased, joined, purged, some, where } from './record.js';
import { compareStamps } from './write.js';

/** lives reports whether a record exists and is not dead. */
export const lives = (r, record) => record.size > 0 && !isDead(record, r.fence);

/** visible returns a record as users see it: a dead one does not exist for them. */
export const visible = (r, record) => (record.size === 0 || lives(r, record) ? record : NONE);

/** agrees reports whether the rules accept all of some items as a whole, so that they can be joined. */
export function agrees(r, h, items) {
  if (isErased(h.confirmed)) return false;
  if (r.fence === '' || (r.level < 2 && h.confirmed.size === 0)) return true;
  return lives(r, h.confirmed) && items.every((it) => it.time > r.fence);
}

/**
 * judge joins the confirmed record with items by the rules of the server.
 * @returns {{record: Map, gone: Set}} gone has the items that are gone as a whole
 */
export function judge(r, h, items) {
  const all = { record: h.confirmed, gone: new Set(items) };
  if (isErased(h.confirmed) && !isDead(h.confirmed, r.fence)) return all;
  const before = purged(h.confirmed, r.fence, r.level);
  const isUnknown = before.size === 0 && r.level < 2; // it never existed, so nothing is gone
  if (r.fence === '' || isUnknown) return accept(before, items, (it) => it.data);
  if (lives(r, before)) return accept(before, items, (it) => withoutGone(r, before, it.data));
  const begins = items.filter((it) => it.isNew && it.time > r.fence);
  if (begins.length === 0) return { record: before, gone: all.gone };
  const life = accept(NONE, begins, (it) => it.data).record; // it replaces the dead record
  return accept(life, items, (it) => (begins.includes(it) ? it.data : withoutGone(r, life, it.data)));
}

// accept joins what is left of each item.
function accept(before, items, leave) {
  const gone = new Set();
  let record = before;
  for (const it of items) {
    const left = leave(it);
    if (left.size === 0) gone.add(it);
    record = joined(record, left);
  }
  return { record, gone };
}

// A write at or below the fence is gone if the record lacks its field, unless it is a late deletion.
function withoutGone(r, before, data) {
  return where(data, (name, w) => before.has(name) || w.updatedAt > r.fence || (name === DELETED && isLateDeletion(before, w)));
}

// A deletion of a record with an earlier write cannot have been purged: every life begins above the fence.
const isLateDeletion = (before, w) => w.value === true && some(before, (_, other) => compareStamps(other, w) < 0);
