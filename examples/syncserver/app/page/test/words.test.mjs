// Texts for people: short, never cut within a character, and with the date if it is not today.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import './fakes.mjs';

const { ahead, firstLetter, isNow, place, said, short, span, timeOf, titleOf, when } = await import('../static/words.js');
const { moved, nextFree, overlap, slotAt } = await import('../static/rooms.js');

const FAMILY = '👩\u200d👩\u200d👧';

test('a long text is truncated to 80 characters, and no character is cut in two', () => {
  assert.equal(short('x'.repeat(80)), 'x'.repeat(80));
  for (const long of ['x'.repeat(81), 'x'.repeat(100_000), FAMILY.repeat(40), 'x' + '😀'.repeat(60), 'e\u0301'.repeat(90), '\u0301'.repeat(500)]) {
    const cut = short(long);
    assert.ok(cut.length <= 80, `${cut.length}`);
    assert.ok(cut.endsWith('…') && long.startsWith(cut.slice(0, -1)));
    assert.ok(cut.isWellFormed());
    const rest = long.slice(cut.length - 1);
    assert.ok(!/^[\u200d\u0301\ufe0f]/.test(rest) || cut === '…', 'a character was cut in two');
  }
  for (const text of [said('title', { value: 'x'.repeat(81) }), said('status', { value: 'x'.repeat(81) }), said('due', { value: 'x'.repeat(81) }),
    said('slot', { value: { room: 'x'.repeat(81), start: '2026-03-02T10:00:00Z' } }), said('tags', { value: ['x'.repeat(81)] }),
    titleOf({ table: 'tasks', data: { title: { value: 'x'.repeat(81) } } })]) assert.ok(text.length <= 82, text);
});

test('the first character of a name is complete', () => {
  for (const [name, letter] of [['ana', 'A'], [`${FAMILY} phone`, FAMILY], ['e\u0301va', 'E\u0301'], ['🇩🇪', '🇩🇪'], ['ßen', 'SS']]) {
    assert.equal(firstLetter(name), letter);
  }
});

test('a duration is rounded, in the largest unit that it fills', () => {
  for (const [ms, text] of [[0, '0 milliseconds'], [1, '1 millisecond'], [949, '949 milliseconds'], [999, '1 second'], [1000, '1 second'], [59_970, '1 minute'], [3_599_990, '1 hour'], [3_400_000, '56.7 minutes'], [86_400_000, '1 day'], [172_800_000, '2 days']]) {
    assert.equal(span(ms), text);
  }
});

test('a time on another day includes its date', () => {
  const today = new Date();
  assert.match(timeOf(today), /^\d\d:\d\d:\d\d$/);
  assert.match(timeOf(new Date(today.getTime() + 10 * 365 * 86_400_000)), /^\d\d:\d\d:\d\d on \d+ \w+ 20\d\d$/);
});

test('times, days and hours are in the reader’s zone, and slots are stored in UTC', (t) => {
  t.after(() => (process.env.TZ = 'UTC'));
  for (const [zone, stamp, told, start] of [
    ['Asia/Kolkata', '2026-03-01T20:00:05.123456Z', '01:30:05 on 2 Mar 2026', '2026-03-02T04:30:00Z'],
    ['America/New_York', '2026-03-02T03:00:05.123456Z', '22:00:05 on 1 Mar 2026', '2026-03-02T15:00:00Z'],
    ['Europe/Berlin', '2026-07-01T22:30:00.000000Z', '00:30:00 on 2 Jul 2026', '2026-03-02T09:00:00Z'],
  ]) {
    process.env.TZ = zone;
    assert.equal(when(stamp), told);
    const slot = slotAt('Room A', '2026-03-02', 10);
    assert.equal(slot.start, start);
    assert.equal(place(slot), 'Room A at 10:00 on 2 Mar 2026');
    assert.equal(moved(slot, { hour: 11 }).start, slotAt('Room A', '2026-03-02', 11).start);
    const far = slotAt('Room A', '2126-03-02', 16);
    assert.equal(nextFree(far, []).start, slotAt('Room A', '2126-03-03', 9).start);
  }
  assert.equal(place({ room: 'Room A', start: 'noon' }), 'nowhere');
});

test('a write with a time to come tells that the clock of its author is ahead', () => {
  const replica = { serverNow: () => Date.UTC(2026, 2, 2, 10) };
  assert.equal(ahead(replica, { updatedAt: '2026-03-02T10:04:00.000000Z' }, 'Ana’s phone'), ' The clock of Ana’s phone is at least 4 minutes ahead.');
  for (const past of ['2026-03-02T10:00:01.999000Z', '2026-03-02T09:00:00.000000Z']) assert.equal(ahead(replica, { updatedAt: past }, 'Ana'), '');
});

test('a moved slot keeps its unchanged parts', () => {
  const slot = { room: 'Room X', start: '2026-03-02T07:30:00Z', end: '2026-03-02T09:30:00Z', note: 1 };
  assert.deepEqual(moved(slot, { room: 'Room A' }), { ...slot, room: 'Room A' });
  assert.deepEqual(moved(slot, { hour: 10 }), { ...slot, start: '2026-03-02T10:00:00Z', end: '2026-03-02T12:00:00Z' });
});

test('slots overlap only in one room, and not if one ends when the other begins', () => {
  const a = { room: 'A', start: '2026-03-02T10:00:00Z', end: '2026-03-02T11:00:00Z' };
  assert.equal(overlap(a, a), true);
  assert.equal(overlap(a, { ...a, room: 'B' }), false);
  assert.equal(overlap(a, { ...a, start: a.end, end: '2026-03-02T12:00:00Z' }), false);
  assert.equal(overlap(a, null), false);
  assert.equal(overlap(null, null), false);
});

test('characters that would turn the words around a text are not shown', () => {
  const view = { table: 'tasks', data: { title: { value: 'Blue \u202eeert\u2066' } } };
  assert.equal(titleOf(view), '“Blue eert”');
  assert.equal(said('title', { value: '\u202eRed' }), '‘Red’');
  assert.equal(isNow('title', { deleted: true }), 'It is now empty');
});
