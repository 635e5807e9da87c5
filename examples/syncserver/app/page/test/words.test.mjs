// Texts for people: short, never cut within a character, and with the date if it is not today.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import './fakes.mjs';

const { firstLetter, said, short, span, timeOf, titleOf } = await import('../static/words.js');
const { moved, overlap } = await import('../static/rooms.js');

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
  for (const [ms, text] of [[0, '0 ms'], [949, '949 ms'], [999, '1 s'], [1000, '1 s'], [59_970, '1 min'], [3_599_990, '1 h'], [3_400_000, '56.7 min'], [86_400_000, '1 d']]) {
    assert.equal(span(ms), text);
  }
});

test('a time on another day includes its date', () => {
  const today = new Date();
  assert.match(timeOf(today), /^\d\d:\d\d:\d\d$/);
  assert.match(timeOf(new Date(today.getTime() + 10 * 365 * 86_400_000)), /^\d\d:\d\d:\d\d on \d+ \w+ 20\d\d$/);
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
