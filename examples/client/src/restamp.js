// New stamps for waiting edits, after a clock was found to be wrong.

import { after, before as justBefore, earlier, later, msOf, timeOf } from './time.js';
import { compareStamps, restamped } from './write.js';
import { after as nextOf, before as earlierOf, heldOf, known, touch } from './held.js';
import { putFirst, rebase, stampOf, waiting } from './outbox.js';
import { AGREEMENT, isPlausible, limitAt, lowerClock, now, observe, serverNow } from './clock.js';
import { noticeFuture } from './notice.js';

/**
 * restampWaiting lowers the clock if it is above the server's limit, and restamps the waiting items that need it.
 * @param time the server's time, if it is known, in an answer that took some milliseconds
 * @param late the items that the answer refused as too far ahead, or that are based on a repaired stamp
 * @returns the number of restamped items
 */
export function restampWaiting(r, { time = '', took = 0, late = [] }) {
  const server = serverNow(r, time, took);
  const s = { limit: limitAt(server), late: new Set(), last: '', renamed: new Map(), taken: new Set() };
  for (const it of late) {
    const fields = future(r, s, it);
    if (fields.length > 0) noticeFuture(r, it, fields);
    else s.late.add(it);
  }
  if (late.length > 0 && s.late.size === 0 && r.last <= s.limit) return 0; // all of them wait
  for (const it of s.late) s.limit = earlier(s.limit, justBefore(it.time)); // the server's bound is lower
  s.now = earlier(timeOf(now(r)), server);
  s.refused = isPlausible(time) ? earlier(s.now, time) : s.now;
  lowerClock(r, s.limit);
  restampAll(r, s);
  observe(r, s.last);
  r.ahead = new Set([...s.taken].filter((t) => t > r.last));
  putFirst(r, [...s.late].sort((a, b) => a.number - b.number)); // so that items are sent in the order of their stamps
  return s.renamed.size;
}

function restampAll(r, s) {
  const all = waiting(r);
  for (const it of all) s.taken.add(it.time);
  for (const it of all) {
    it.base.forEach((base, name) => {
      const renamed = base && s.renamed.get(base.updatedAt + base.clientId);
      if (renamed) rebase(r, it, name, renamed);
    });
    if (needsStamp(r, s, it)) restamp(r, s, it);
    if (it.time <= s.limit) s.last = later(s.last, it.time);
  }
}

// An item that a server may have never gets a greater stamp: a retry would win over edits made since. An item on a
// field from the future keeps its stamp and waits.
function needsStamp(r, s, it) {
  if (it.client !== r.id) return true;
  if (future(r, s, it).length > 0) return false;
  if (s.late.has(it) || (it.time > s.limit && s.late.size > 0)) return true;
  if (it.sent) return false;
  if (it.time <= s.last) return true;
  const off = Math.abs(msOf(timeOfEdit(r, s, it)) - msOf(it.time));
  return off > AGREEMENT && !isFollowed(r, it);
}

// future returns the fields that make an item wait: their confirmed stamps are above the limit, but below the item's.
function future(r, s, it) {
  const stored = known(r, heldOf(r, it));
  return [...it.data.keys()].filter((name) => stored.has(name) && stored.get(name).updatedAt > s.limit && compareStamps(stampOf(it), stored.get(name)) > 0).sort();
}

// isFollowed reports whether a server may have a later write of one of the item's fields.
const isFollowed = (r, it) => [...it.data.keys()].some((name) => {
  const next = nextOf(heldOf(r, it), it, name);
  return next && next.sent;
});

// The time of the edit, corrected by what is now known of the device's clock.
function timeOfEdit(r, s, it) {
  return it.client === r.id ? earlier(timeOf(it.wall + r.offset), s.late.has(it) ? s.refused : s.now) : it.time;
}

// restamp stamps an item with the time of its edit, but above every write that its author saw, and above every
// waiting write before it.
function restamp(r, s, it) {
  const h = touch(r, heldOf(r, it));
  let at = [after(s.last), after(it.floor)].reduce(later, timeOfEdit(r, s, it));
  it.data.forEach((_, name) => {
    const seen = it.base.get(name) ? it.base.get(name).updatedAt : '';
    if (seen <= s.limit) at = later(at, after(seen));
    const earlierItem = earlierOf(h, it, name);
    if (earlierItem) at = later(at, after(earlierItem.time));
  });
  // An edit with the time of an accepted edit of its record could not be told from that one.
  h.confirmed.forEach((w) => s.taken.add(w.updatedAt));
  h.over.forEach((accepted) => s.taken.add(accepted.time));
  while (s.taken.has(at) && at !== it.time) at = after(at);
  s.taken.add(at);
  stampAs(r, s, { it, at });
}

function stampAs(r, s, { it, at }) {
  s.renamed.set(it.time + it.client, { updatedAt: at, clientId: r.id });
  Object.assign(it, { data: restamped(it.data, at, r.id), time: at, client: r.id });
  r.entries.outbox.set(it.number, it);
  r.stateStale = true;
}
