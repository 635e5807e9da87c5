// The server's answer to a batch.

import { isObject, isText, reading, refuse } from './text.js';
import { later, parseTime, readStamp } from './time.js';
import { where } from './record.js';
import { known, touch, heldOf, stale } from './held.js';
import { coalesce, put, remove } from './outbox.js';
import { keep } from './overlay.js';
import { postpone } from './again.js';
import { adjustOffset, applyServerTime } from './clock.js';
import { restampWaiting } from './restamp.js';
import { about, notice, noticeFull, noticeLost, noticeNotes, noticeRefusal } from './notice.js';
import { compare, setWhy, whyAnswered } from './why.js';

/** answer takes the replies to the batch that was sent last; see Replica. */
export function answer(r, text) {
  const sent = r.sending;
  const replies = readReplies(text, sent);
  r.sending = [];
  const late = [];
  let time = '';
  replies.forEach((reply, i) => {
    const it = sent[i];
    time = reply.serverTime || time;
    if (reply.verdict === 'accepted') confirm(r, it, reply);
    else if (reply.retryable || reply.code === 'too_far_ahead') {
      it.sent = false; // the server says that it did not store the item
      put(r, it, 'kept');
      if (reply.code === 'too_far_ahead') late.push(it);
    } else if (reply.code !== 'gone' || !postpone(r, it)) {
      remove(r, it);
      noticeRefusal(r, it, reply);
    }
  });
  r.stateStale = true;
  takeServerTime(r, time, late);
  for (const it of sent) if (it.queue === 'kept') coalesce(r, touch(r, heldOf(r, it)), it);
  noticeFull(r, replies);
}

function takeServerTime(r, time, late) {
  const took = r.wall() - r.asked;
  if (late.length === 0) return applyServerTime(r, time, took);
  const by = adjustOffset(r, time, took);
  if (restampWaiting(r, { time, took, late }) > 0 || by !== 0) notice(r, { kind: 'clock_corrected', code: 'too_far_ahead', by });
}

// readReplies refuses an answer that does not fit what was sent.
const readReplies = (text, sent) => reading('answer', () => {
  const replies = JSON.parse(text);
  if (!Array.isArray(replies) || replies.length !== sent.length) refuse('answer');
  return replies.map((reply, i) => {
    const is = (name, value) => !reply[name] || reply[name] === value;
    if (!isObject(reply) || !is('table', sent[i].table) || !is('id', sent[i].id) || !['accepted', 'refused'].includes(reply.verdict)) refuse('answer');
    const serverTime = reply.serverTime ? parseTime(reply.serverTime) : '';
    if (reply.code === 'too_far_ahead' && !serverTime) refuse('answer');
    if (![reply.code || '', reply.detail || ''].every(isText)) refuse('answer');
    return { ...reply, serverTime, fields: readFields(reply.fields), notes: Array.isArray(reply.notes) ? reply.notes : [] };
  });
});

function readFields(fields) {
  const said = new Map();
  if (fields === undefined || fields === null) return said;
  if (!isObject(fields)) refuse('answer');
  for (const name of Object.keys(fields)) {
    if (!isObject(fields[name])) refuse('answer');
    const { outcome, lost, winner, loser } = fields[name];
    said.set(name, { outcome, lost, winner: winner && readStamp(winner), loser: loser && readStamp(loser) });
  }
  return said;
}

// confirm moves an item from the outbox to the overlays.
function confirm(r, it, reply) {
  const h = remove(r, it);
  const data = acceptedOf(r, it, reply);
  const stored = known(r, h);
  data.forEach((w, name) => {
    const said = reply.fields.get(name);
    const why = whyAnswered(it, name, { c: compare(stored.get(name), w), said });
    if (why) setWhy(h, name, why);
    if (!it.again) noticeLost(r, it, name, said);
  });
  if (h.whyStale) stale(r, h);
  if (!it.again) noticeNotes(r, it, reply.notes); // otherwise the user was told the first time
  r.mark = later(r.mark, it.time);
  if (data.size > 0) keep(r, h, it, data);
}

// acceptedOf returns the fields of an item that were accepted. A notice reports the others.
function acceptedOf(r, it, reply) {
  const isGone = (name) => reply.fields.has(name) && reply.fields.get(name).outcome === 'gone';
  const gone = where(it.data, isGone);
  if (gone.size === 0) return it.data;
  notice(r, { kind: 'refused', ...about(it), fields: [...gone.keys()].sort(), code: 'gone', detail: '', rolledBack: gone });
  return where(it.data, (name) => !isGone(name));
}
