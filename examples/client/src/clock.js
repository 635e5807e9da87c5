// The clock, and the correction of the device's clock by the server's time.

import { ENDLESS, UNSET, after, earlier, later, msOf, timeIn, timeOf } from './time.js';
import { newest } from './record.js';
import { each } from './held.js';
import { waiting } from './outbox.js';
import { notice } from './notice.js';
import { restampWaiting } from './restamp.js';

const MAX_AHEAD = 5 * 60_000; // milliseconds: servers accept stamps up to the same bound
export const AGREEMENT = 60_000; // milliseconds by which clocks that agree may differ

/** now returns the device's time in milliseconds, corrected by the server's time. */
export const now = (r) => r.wall() + r.offset;

/** observe makes the clock follow a time. */
export function observe(r, time) {
  r.last = later(r.last, time);
}

/** tick returns the next time of the clock that no waiting edit has. */
export function tick(r) {
  do r.last = later(after(r.last), timeOf(now(r)));
  while (r.ahead.has(r.last));
  return r.last;
}

export const isPlausible = (time) => time >= UNSET && time < ENDLESS;

/** limitAt returns the greatest time that a server accepts at a time. */
export const limitAt = (server) => (isPlausible(server) ? earlier(timeOf(msOf(server) + MAX_AHEAD, 999999), ENDLESS) : ENDLESS);

/** limit returns the greatest time that the clock follows. It depends on the server's time, never on the device's alone. */
export const limit = (r) => limitAt(serverTime(r));

/** serverTime estimates the server's time from its last answer; '' if it is not known. */
export const serverTime = (r) => (r.server === '' ? '' : timeOf(msOf(r.server) + Math.max(0, r.wall() - r.heard)));

/** hear takes the server's time from an answer; see Replica.serverTime. */
export function hear(r, text, took) {
  const time = timeIn(text);
  applyServerTime(r, time, took);
  if (!isPlausible(time)) return;
  r.server = serverNow(r, time, took);
  r.heard = r.wall();
}

/** applyServerTime takes the time of an answer to a push, which is not kept. */
export function applyServerTime(r, time, took) {
  const by = adjustOffset(r, time, took);
  if (by !== 0 || r.last > later(limitAt(serverNow(r, time, took)), r.floor)) restampWaiting(r, { time, took });
  if (by !== 0) notice(r, { kind: 'clock_corrected', by });
}

/** serverNow estimates the server's present time from an answer that took some milliseconds. */
export function serverNow(r, time, took) {
  if (!isPlausible(time)) return ENDLESS;
  return later(time, earlier(timeOf(now(r)), timeOf(msOf(time) + took)));
}

/**
 * adjustOffset applies the rule for clocks, and returns the change of the offset: the true offset lies between the
 * server's time minus the device's, and that plus the duration of the request. An offset within a minute of this
 * range is kept, otherwise zero if it is, otherwise the nearest end of the range is taken.
 */
export function adjustOffset(r, time, took) {
  if (!isPlausible(time) || !(took >= 0)) return 0;
  const old = r.offset;
  const low = msOf(time) - r.wall();
  const agrees = (offset) => offset >= low - AGREEMENT && offset <= low + took + AGREEMENT;
  if (!agrees(old)) r.offset = agrees(0) ? 0 : Math.min(Math.max(old, low), low + took);
  return r.offset - old;
}

/** forgetOffset drops the correction, because the device's clock was set. How long a request lasts that is under way is not known. */
export function forgetOffset(r) {
  Object.assign(r, { offset: 0, heard: r.wall(), asked: -Infinity, stateStale: true });
  for (const it of waiting(r)) it.wall = msOf(it.time);
}

/** lowerClock makes the clock issue times above all accepted ones up to a limit, if it is above the limit. */
export function lowerClock(r, most) {
  if (r.last <= most) return;
  r.last = later(newestKnown(r, most), r.floor);
  r.stateStale = true;
}

/** newestKnown returns the greatest accepted time that is not above a limit. */
export function newestKnown(r, most) {
  let last = '';
  each(r, (h) => {
    last = later(last, newest(h.confirmed, most));
    for (const it of h.over) last = later(last, newest(it.data, most));
  });
  return last;
}

