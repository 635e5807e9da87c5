// The log of a device over several loads of the page.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ending, joined } from '../static/log.js';

const log = (head, ...events) => [{ clientLog: 1, ...head }, ...events.map((event) => ({ event }))].map((line) => `${JSON.stringify(line)}\n`).join('');

test('a log goes on from the one of the same client, and keeps how many events that one had dropped', () => {
  assert.equal(joined(log({ client: 'a', dropped: 3 }, 'x', 'y'), log({ client: 'a' }, 'z')), log({ client: 'a', dropped: 3 }, 'x', 'y', 'z'));
  const later = log({ client: 'a' }, 'z');
  assert.equal(joined('', later), later);
  assert.equal(joined(log({ client: 'b' }, 'x'), later), later);
  assert.equal(joined(log({}, 'x'), log({}, 'z')), log({}, 'z'));
  const gap = log({ client: 'a', dropped: 1 }, 'z');
  assert.equal(joined(log({ client: 'a' }, 'x'), gap), gap);
});

test('the ending of a log has its last events, and counts the others', () => {
  const events = Array.from({ length: 9 }, (_, i) => String(i));
  const { length } = JSON.stringify({ event: '0' });
  assert.equal(ending(log({ client: 'a' }, ...events), 2 * length), log({ client: 'a', dropped: 7 }, '7', '8'));
  assert.equal(ending(log({ client: 'a', dropped: 1 }, ...events), 3 * length - 1), log({ client: 'a', dropped: 8 }, '7', '8'));
  assert.equal(ending(log({ client: 'a' }, ...events), 1000), log({ client: 'a' }, ...events));
  assert.equal(ending(log({ client: 'a' }, 'x'.repeat(100)), 10), log({ client: 'a', dropped: 1 }));
});
