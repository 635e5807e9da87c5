// The outbox: the edits that wait for an answer. Items that the server refused for a while wait in the queue
// "kept", so that they cannot hold up the rest; those in "later" are sent after one or two more pulls.

import { utf8Length } from './text.js';
import { encodeMembers } from './value.js';
import { encodeRecord } from './record.js';
import { after, before, heldOf, touch } from './held.js';
import { lives } from './judge.js';
import { known } from './held.js';

/**
 * An item is a mutation: { table, id, data, base, isNew }, with the stamp { time, client } of all its writes. Its
 * base maps a field to the stamp that its author saw, or to null if there was none. It may have seen, what its author
 * had pulled. Further members:
 * number, in the order of the edits; wall, the device's clock at the edit; floor, see clock.js; sent, whether a
 * server may have it; renews, whether no server was known to have its record at the edit; told; again; later;
 * hidden; answered; queue; tentative, see again.js.
 */
export function newItem(table, id, data, more) {
  const [w] = data.values();
  return {
    table, id, data, base: new Map(), isNew: false, time: w.updatedAt, client: w.clientId, number: 0, wall: 0, floor: '',
    sent: false, renews: false, told: false, again: false, later: 0, hidden: false, answered: 0, queue: '', ...more,
  };
}

/** stampOf returns the stamp that all writes of an item share. */
export const stampOf = (it) => ({ updatedAt: it.time, clientId: it.client });

export const encodeStamp = (s) => (s ? `{"updatedAt":"${s.updatedAt}","clientId":"${s.clientId}"}` : 'null');

/** encodeItem returns the mutation of an item as JSON. */
export function encodeItem(it) {
  const based = [...it.data.keys()].filter((name) => it.base.has(name));
  const base = based.length > 0 ? `,"base":${encodeMembers(based, (name) => encodeStamp(it.base.get(name)))}` : '';
  return `{"table":${JSON.stringify(it.table)},"id":${JSON.stringify(it.id)},"data":${encodeRecord(it.data)}${base}${it.isNew ? ',"new":true' : ''}${it.seen ? `,"seen":${JSON.stringify(it.seen)}` : ''}}`;
}

export const newQueues = () => ({ fresh: new Set(), kept: new Set(), later: new Set() });

/** put moves items to the end of a queue. */
export function put(r, it, queue) {
  leave(r, it);
  it.queue = queue;
  r.queues[queue].add(it);
}

/** putFirst moves items to the front of the queue of those to send, in their order. */
export function putFirst(r, items) {
  for (const it of items) {
    leave(r, it);
    it.queue = 'fresh';
  }
  r.queues.fresh = new Set([...items, ...r.queues.fresh]);
}

export function leave(r, it) {
  if (it.queue) r.queues[it.queue].delete(it);
  it.queue = '';
}

export const count = (r) => r.queues.fresh.size + r.queues.kept.size + r.queues.later.size;

/** waiting returns all waiting items, in the order of the edits. */
export const waiting = (r) => [...r.queues.fresh, ...r.queues.kept, ...r.queues.later].sort((a, b) => a.number - b.number);

function nextNumber(r) {
  if (count(r) === 0) r.lastNumber = 0;
  return ++r.lastNumber;
}

/** enqueue adds an item to the outbox. */
export function enqueue(r, it) {
  const h = touch(r, heldOf(r, it));
  Object.assign(it, { number: nextNumber(r), wall: r.wall(), floor: r.floor, renews: !lives(r, known(r, h)) });
  h.waiting.push(it);
  put(r, it, 'fresh');
  r.entries.outbox.set(it.number, it);
  r.stateStale = true; // saves the clock, so that the stamp is not issued again
  it.data.forEach((_, name) => {
    const earlier = before(h, it, name);
    if (earlier) coalesce(r, h, earlier);
  });
}

/**
 * coalesce drops an item that no server has, if each of its fields is written again by a later item that no server
 * has either. The later items take over its base, and create the record if it did. An item that is sent again is kept,
 * because it has no base to take over: the later items were made on it.
 */
export function coalesce(r, h, it) {
  if (it.sent || it.hidden || it.again) return;
  const names = [...it.data.keys()];
  const laters = names.map((name) => after(h, it, name));
  if (laters.some((later) => !later || later.sent)) return;
  laters.forEach((later, i) => {
    rebase(r, later, names[i], it.base.get(names[i]));
    later.isNew = later.isNew || it.isNew;
  });
  remove(r, it);
}

/** rebase replaces what the author of an item saw in a field; undefined means that it is not known. */
export function rebase(r, it, name, stamp) {
  it.base = new Map(it.base);
  if (stamp === undefined) it.base.delete(name);
  else it.base.set(name, stamp);
  r.entries.outbox.set(it.number, it);
}

/** remove removes an item from the outbox, and returns what is held of its record. */
export function remove(r, it) {
  const h = touch(r, heldOf(r, it));
  h.waiting = h.waiting.filter((other) => other !== it);
  leave(r, it);
  r.entries.outbox.delete(it.number);
  return h;
}

/** putBefore puts items before all others. The others get greater numbers. */
export function putBefore(r, items) {
  if (items.length === 0) return;
  const others = waiting(r);
  for (const it of others) {
    touch(r, heldOf(r, it)).waiting = [];
    r.entries.outbox.delete(it.number);
  }
  putFirst(r, items);
  for (const it of [...items, ...others]) {
    it.number = nextNumber(r);
    touch(r, heldOf(r, it)).waiting.push(it);
    r.entries.outbox.set(it.number, it);
  }
  r.stateStale = true;
}

/** batch returns the next items to send as JSON Lines; see Replica. */
export function batch(r, items, bytes) {
  r.sending = [];
  r.asked = r.wall();
  if (r.aside.size > 0 && !r.tentative) return ''; // these are sent before the outbox
  let left = bytes;
  for (const it of [...r.queues.fresh, ...r.queues.kept]) {
    left -= utf8Length(encodeItem(it)) + 1;
    if (r.sending.length >= Math.max(items, 1) || (left < 0 && r.sending.length > 0)) break;
    r.sending.push(it);
  }
  r.sending.sort((a, b) => a.number - b.number);
  for (const it of r.sending) Object.assign(it, { sent: true, renews: false });
  return r.sending.map((it) => `${encodeItem(it)}\n`).join('');
}
