// Pulls: what comes from the server.

import { refuse } from './text.js';
import { ENDLESS, earlier, later } from './time.js';
import { NONE, isDeleted, newest, purged, sameRecord } from './record.js';
import { each, find, findOrAdd, itemsOf, showing, stale, touch } from './held.js';
import { enqueue, newItem, remove } from './outbox.js';
import { readChunks, sameNames, whyOf } from './chunk.js';
import { change, isBrought, leave, setHidden } from './change.js';
import { dropEnded, endOverlays, joinOverlays } from './overlay.js';
import { forgetCreations, takeAway } from './reset.js';
import { sendAgain, sendLater, takeBack } from './again.js';
import { judge, lives } from './judge.js';
import { limit, observe, tick } from './clock.js';
import { noticeErased } from './notice.js';
import { restamped } from './write.js';

/** beginPull begins a pull; see Replica. */
export function beginPull(r) {
  if (r.settled) Object.assign(r, { settled: false, resets: 0 });
  return { cursor: r.cursor, answered: r.answered, settled: false };
}

/** pulled applies the chunks in the lines of an answer; see Replica. */
export function pulled(r, pull, lines) {
  const chunks = readChunks(r, lines);
  countResets(r, chunks);
  for (const c of chunks) {
    if (pull.cursor !== r.cursor) { // another pull, perhaps of another tab, has moved the cursor since
      pull.settled = false;
      return;
    }
    applyChunk(r, pull, c);
  }
}

const MOST_RESETS = 10; // before a pull is settled: a server with ever new epochs would keep a client pulling

function countResets(r, chunks) {
  for (const c of chunks) {
    if (!['', 'grant'].includes(whyOf(c))) r.resets++;
    if (r.resets > MOST_RESETS) {
      r.resets = 0;
      refuse('answer', 'reset');
    }
  }
}

// The order matters: what the client lost goes first, overlays are joined by the old fence, and records are
// replaced under the new one.
function applyChunk(r, pull, c) {
  const t = c.trailer;
  r.ended = t.more ? 0 : pull.answered;
  let changed = takeAway(r, c);
  if ((t.fence > r.fence || t.level > r.level) && !r.loading) joinOverlays(r, c.rows);
  changed = changed || c.rows.length > 0 || t.cursor !== r.cursor || r.loading;
  changed = follow(r, t, whyOf(c) === 'epoch') || changed;
  noticeErased(r, c.erased);
  const most = limit(r);
  for (const { table, id, data, within } of c.rows) {
    observe(r, newest(data, most));
    replace(r, { table, id, now: within && within.length === 0 ? NONE : purged(data, r.fence, r.level), within });
  }
  Object.assign(r, { cursor: t.cursor, seen: t.seen, chunked: true, settled: !t.more, stateStale: r.stateStale || changed });
  Object.assign(pull, { cursor: t.cursor, settled: !t.more });
  if (pull.settled) settle(r);
}

// settle ends a pull after which nothing is left to pull.
function settle(r) {
  if (r.loading) {
    r.loading = false;
    forgetCreations(r);
  }
  endOverlays(r);
  sendLater(r);
  sendAgain(r);
  renew(r);
}

// replace replaces the confirmed record and its buckets. The two are not joined, because a join would discard
// derived and repaired fields whose stamps are lower.
function replace(r, { table, id, now, within }) {
  let h = find(r, table, id);
  if (r.tentative && r.aside.has(h)) takeBack(r, h); // what counts of it is confirmed again, or has left
  if (!h && now.size === 0) return;
  if (h && h.over.length + h.waiting.length === 0 && sameNames(h.within, within) && sameRecord(h.confirmed, now)) return;
  h = h || findOrAdd(r, table, id);
  change(r, h, () => {
    dropEnded(r, h);
    if (now.size === 0) return leave(r, h);
    if (!isBrought(h) || !sameNames(h.within, within)) stale(r, h);
    Object.assign(h, { confirmed: now, within });
    setHidden(r, h, false);
  });
}

// follow takes the fence, the level and the clock of a trailer. The clock follows the trailer's without a bound:
// the next edit must be above a fence that the server may raise before it arrives. Fence and level only grow,
// except after a restore.
function follow(r, t, restored) {
  const floor = earlier(later(t.clock, t.fence), ENDLESS);
  const fence = restored ? t.fence : later(t.fence, r.fence);
  const level = restored ? t.level : Math.max(t.level, r.level);
  const changed = floor !== r.floor || fence !== r.fence || level !== r.level;
  r.floor = floor;
  observe(r, floor);
  if (fence !== r.fence || level !== r.level) purge(r, fence, level);
  return changed;
}

// purge sets the fence and the level, and purges all records.
function purge(r, fence, level) {
  const affected = [];
  each(r, (h) => {
    if (!isDeleted(h.confirmed) && itemsOf(h).length === 0 && purged(h.confirmed, fence, level) === h.confirmed) return;
    affected.push(touch(r, h)); // before the fence changes what is shown
  });
  Object.assign(r, { fence, level });
  for (const h of affected) {
    const normal = purged(h.confirmed, fence, level);
    if (normal.size < h.confirmed.size || (h.created && !lives(r, normal))) change(r, h, () => purgeRecord(r, h, normal));
  }
}

// A record that has just died has left.
function purgeRecord(r, h, normal) {
  if (h.confirmed.size > 0 && !lives(r, normal) && r.divided) return leave(r, h);
  h.confirmed = normal;
  if (normal.size === 0) h.within = null;
}

// renew restamps creations that were never sent and that the fence makes gone, each with the edits that follow it.
function renew(r) {
  if (r.fence === '') return;
  const dead = new Set();
  for (const it of r.queues.fresh) {
    if (!it.isNew || !it.renews || it.hidden || it.time > r.fence) continue;
    const h = find(r, it.table, it.id);
    if (!dead.has(h) && judge(r, h, showing(itemsOf(h))).gone.has(it)) dead.add(h);
  }
  dead.forEach((h) => renewRecord(r, h));
}

// renewRecord repeats, at the present time, the edits that create a record and were never sent.
function renewRecord(r, h) {
  const again = h.waiting.filter((it) => it.renews);
  for (const it of again) remove(r, it);
  const renamed = new Map();
  for (const it of again) {
    const at = tick(r);
    renamed.set(it.time + it.client, { updatedAt: at, clientId: r.id });
    const base = new Map([...it.base].map(([name, saw]) => [name, (saw && renamed.get(saw.updatedAt + saw.clientId)) || saw]));
    enqueue(r, newItem(h.table, h.id, restamped(it.data, at, r.id), { base, isNew: it.isNew, seen: it.seen }));
  }
}

