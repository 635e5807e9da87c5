// Pauses between requests, and the places of streams.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { serve } from './fakes.mjs';

const { Events, pause } = await import('../static/server.js');

test('a pause removes its listener and its timer', async () => {
  const { signal } = new AbortController();
  for (let i = 0; i < 10; i++) {
    const p = pause(i % 2 ? Infinity : 60_000, signal);
    p.wake();
    await p.done;
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  const timers = process.getActiveResourcesInfo().filter((r) => r === 'Timeout');
  assert.deepEqual(timers, []);
});

test('a pause ends when its signal is aborted, before or during the pause', async () => {
  const abort = new AbortController();
  const before = pause(Infinity, abort.signal);
  abort.abort();
  await before.done;
  await pause(Infinity, abort.signal).done;
});

const settled = () => new Promise(setImmediate);

test('a replica without a place for its stream pulls now and then, and takes a place that becomes free', async (t) => {
  const held = new Set();
  const locks = {
    async request(name, _, hold) {
      if (held.has(name)) return hold(null);
      held.add(name);
      await hold({});
      held.delete(name);
    },
  };
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  t.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : delete globalThis.navigator));
  let streams = 0;
  serve((_, __, signal) => {
    streams++;
    return new Response(new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('data: 7\n\n'));
        signal.addEventListener('abort', () => controller.error(signal.reason));
      },
    }));
  });
  const told = [];
  const all = ['a', 'b', 'c', 'd', 'e'].map((token) => {
    const events = new Events((news) => told.push([token, news]));
    events.listen(token);
    return events;
  });
  for (let i = 0; i < 20; i++) await settled();
  assert.equal(streams, 4);
  assert.deepEqual(told.filter(([token]) => token === 'e'), [['e', {}]]);
  assert.deepEqual(told.filter(([token]) => token === 'a'), [['a', { up: true, seq: 7, first: true }]]);
  t.mock.timers.tick(5000);
  for (let i = 0; i < 20; i++) await settled();
  assert.equal(told.filter(([token]) => token === 'e').length, 2);
  all[0].listen(null);
  for (let i = 0; i < 20; i++) await settled();
  t.mock.timers.tick(5000);
  for (let i = 0; i < 20; i++) await settled();
  assert.equal(streams, 5);
  assert.deepEqual(told.at(-1), ['e', { up: true, seq: 7, first: true }]);
  for (const events of all) events.listen(null);
});
