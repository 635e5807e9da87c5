// A server that was restored from a backup lacks writes that it had confirmed. Each client sends its own writes
// again: those to one record that share a stamp form an item, which has no base, and is new only if the client is
// known to have created the record.

import { msOf } from './time.js';
import { ERASED, joined, some, where } from './record.js';
import { compareStamps, compareWrites } from './write.js';
import { compareText, keyOf } from './text.js';
import { each, find, findOrAdd, heldOf, touch } from './held.js';
import { newItem, put, putBefore, putFirst, stampOf, waiting } from './outbox.js';
import { lives } from './judge.js';
import { covers } from './overlay.js';
import { keepCreated } from './change.js';
import { serverTime } from './clock.js';
import { restampWaiting } from './restamp.js';
import { notice } from './notice.js';

const writesOf = (it) => `${keyOf(it.table, it.id)}\0${it.time}`;
const byStamp = (a, b) => compareStamps(stampOf(a), stampOf(b)) || compareText(a.table, b.table) || compareText(a.id, b.id);

/**
 * setAside keeps this client's own accepted writes, which are about to be forgotten. A write of another client does not
 * replace them: the restored server may lack both, and the other client may be gone.
 */
export function setAside(r) {
  const kept = new Set(r.aside.map(writesOf)); // also by an earlier reset
  const aside = [];
  each(r, (h) => {
    const accepted = h.over.reduce((all, it) => joined(all, it.data), where(h.confirmed, (_, w) => w.clientId === r.id));
    const isNew = h.created !== '' || h.over.some((it) => it.isNew);
    accepted.forEach((w) => {
      const data = where(accepted, (_, other) => compareStamps(other, w) === 0);
      const hidden = h.over.some((it) => it.time === w.updatedAt && it.hidden);
      const it = newItem(h.table, h.id, data, { isNew, hidden });
      if (!kept.has(writesOf(it))) aside.push(it);
      kept.add(writesOf(it));
    });
  });
  for (const it of aside.sort(byStamp)) {
    r.aside.push(it);
    it.number = r.aside.length;
    r.entries.again.set(it.number, it);
  }
}

/** sendAgain puts the writes that were set aside, and that the restored server lacks, before the outbox. */
export function sendAgain(r) {
  if (r.aside.length === 0 || !r.id) return;
  const inOutbox = new Set(waiting(r).map(writesOf));
  const again = [];
  let restamps = false;
  for (const it of r.aside) {
    r.entries.again.delete(it.number);
    const isRenamed = it.client !== r.id;
    const h = findOrAdd(r, it.table, it.id);
    if (it.isNew && !isRenamed) keepCreated(r, h, it.data);
    if (inOutbox.has(writesOf(it)) || !lacks(r, h, it.data)) continue;
    Object.assign(it, { wall: msOf(it.time), sent: true, again: true, hidden: it.hidden && h.confirmed.size === 0 });
    again.push(it);
    restamps = restamps || isRenamed;
  }
  r.aside = [];
  putBefore(r, again.sort(byStamp));
  if (restamps) restampWaiting(r, { time: serverTime(r) });
  if (again.length > 0) notice(r, { kind: 'sent_again', items: again.length });
}

// A deletion that the server may have purged is not lacking, nor is a write from before it erased the record.
function lacks(r, h, own) {
  const erased = h.confirmed.get(ERASED);
  return some(own, (name, w) => {
    const isPurged = !h.confirmed.has(name) && w.deleted && w.updatedAt <= r.fence;
    return !isPurged && compareWrites(w, h.confirmed.get(name)) > 0 && !(erased && compareStamps(w, erased) <= 0);
  });
}

/**
 * postpone keeps an item that is gone, once, and reports whether it does: the client that created the record may
 * have to send the creation again first. The item is sent once more when a settled pull has brought the record, or
 * else after the second settled pull.
 */
export function postpone(r, it) {
  if (!it.again || it.isNew) return false;
  touch(r, heldOf(r, it));
  Object.assign(it, { again: false, later: 2, answered: ++r.answered });
  put(r, it, 'later');
  r.entries.outbox.set(it.number, it);
  return true;
}

/** sendLater puts the postponed items that need not wait any longer into the queue of items to send. */
export function sendLater(r) {
  const ready = [];
  for (const it of [...r.queues.later]) {
    if (!covers(r, it)) continue;
    touch(r, heldOf(r, it));
    it.later--;
    if (it.later > 0 && !lives(r, find(r, it.table, it.id).confirmed)) continue;
    it.later = 0;
    ready.push(it);
    r.entries.outbox.set(it.number, it);
  }
  putFirst(r, ready);
}
