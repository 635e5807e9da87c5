// A server that was restored from a backup lacks writes that it had confirmed. Each client sends its own writes
// again: those to one record that share a stamp form an item, which has no base, and is new only if the client is
// known to have created the record.

import { msOf } from './time.js';
import { ERASED, joined, some, where } from './record.js';
import { compareStamps, compareWrites } from './write.js';
import { compareText } from './text.js';
import { each, find, heldOf, stale, touch } from './held.js';
import { newItem, put, putBefore, putFirst, stampOf } from './outbox.js';
import { lives } from './judge.js';
import { covers } from './overlay.js';
import { keepCreated } from './change.js';
import { serverTime } from './clock.js';
import { restampWaiting } from './restamp.js';
import { notice } from './notice.js';

const byStamp = (a, b) => compareStamps(stampOf(a), stampOf(b)) || compareText(a.table, b.table) || compareText(a.id, b.id);

/**
 * setAside keeps this client's own accepted writes, which are about to be forgotten. A write of another client does not
 * replace them: the restored server may lack both, and the other client may be gone. If the server was not restored,
 * they are kept in case that it is restored before the load is complete.
 */
export function setAside(r, why) {
  r.tentative = why !== 'epoch' && (r.tentative || r.aside.size === 0);
  for (const h of r.aside) h.aside.forEach((it) => r.entries.again.delete(it.number));
  let number = 0;
  each(r, (h) => {
    const items = h.over.concat(h.aside); // what an earlier reset has set aside
    const isNew = h.created !== '' || items.some((it) => it.isNew);
    h.aside = byStamps(items.reduce((all, it) => joined(all, it.data), where(h.confirmed, (_, w) => w.clientId === r.id))).map((data) => {
      const it = newItem(h.table, h.id, data, { isNew, number: ++number, tentative: r.tentative });
      it.hidden = items.some((old) => old.hidden && old.time === it.time);
      r.entries.again.set(number, it);
      r.aside.add(h);
      return it;
    });
  });
}

// byStamps returns the parts of a record that share a stamp.
function byStamps(record) {
  const parts = new Map();
  record.forEach((w, name) => {
    const stamp = w.updatedAt + w.clientId;
    parts.set(stamp, (parts.get(stamp) || new Map()).set(name, w));
  });
  return [...parts.values()];
}

/** takeBack returns what was set aside of a record, which is no longer kept. */
export function takeBack(r, h) {
  const { aside } = h;
  for (const it of aside) r.entries.again.delete(it.number);
  h.aside = [];
  r.aside.delete(h);
  stale(r, h); // so that it is released if nothing else is held
  return aside;
}

/**
 * sendAgain puts the writes that were set aside, and that the restored server lacks, before the outbox. If the server
 * was not restored, the writes are forgotten: the load would have brought those that still count.
 */
export function sendAgain(r) {
  if (r.aside.size === 0 || !(r.id || r.tentative)) return;
  const again = [];
  for (const h of r.aside) {
    for (const it of takeBack(r, h)) {
      if (it.isNew && it.client === r.id) keepCreated(r, h, it.data);
      if (r.tentative || h.waiting.some((w) => w.time === it.time) || !lacks(r, h, it.data)) continue;
      again.push(Object.assign(it, { wall: msOf(it.time), sent: true, again: true, hidden: it.hidden && h.confirmed.size === 0 }));
    }
  }
  putBefore(r, again.sort(byStamp));
  if (again.some((it) => it.client !== r.id)) restampWaiting(r, { time: serverTime(r) });
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
