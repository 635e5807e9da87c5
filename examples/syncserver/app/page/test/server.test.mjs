// Timeouts of requests, and pauses between them.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { serve } from './fakes.mjs';

const { Events, pause, pull } = await import('../static/server.js');

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

/** streaming answers a pull with a body that the test writes; aborting the request ends the body. */
function streaming() {
  let controller;
  serve((_, __, signal) => {
    signal.addEventListener('abort', () => controller.error(signal.reason));
    return new Response(new ReadableStream({ start: (c) => (controller = c) }));
  });
  return { write: (text) => controller.enqueue(new TextEncoder().encode(text)), close: () => controller.close() };
}

const settled = () => new Promise(setImmediate);

test('a pull may take a long time, but must not pause for a minute', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const server = streaming();
  let failed = null;
  const all = pull({ token: 't', signal: new AbortController().signal }, 0, 10).next().catch((error) => (failed = error));
  await settled();
  for (let i = 0; i < 3; i++) {
    t.mock.timers.tick(50_000);
    server.write('{}\n');
    await settled();
  }
  assert.equal(failed, null);
  t.mock.timers.tick(60_000);
  await settled();
  assert.equal(failed?.name, 'AbortError');
  await all;
});

test('a completed pull has all its lines', async () => {
  const server = streaming();
  const parts = (async () => {
    let text = '';
    for await (const { lines } of pull({ token: 't', signal: new AbortController().signal }, 0, 10)) text += new TextDecoder().decode(lines);
    return text;
  })();
  await settled();
  server.write('{"a":1}\n{"b"');
  server.write(':2}\n');
  server.close();
  assert.equal(await parts, '{"a":1}\n{"b":2}\n');
});

test('a pull whose last line is incomplete was cut off', async () => {
  const server = streaming();
  const lines = [];
  const all = (async () => {
    for await (const part of pull({ token: 't', signal: new AbortController().signal }, 0, 10)) lines.push(new TextDecoder().decode(part.lines));
  })();
  await settled();
  server.write('{"a":1}\n{"b"');
  server.close();
  await assert.rejects(all, /cut off/);
  assert.deepEqual(lines, ['{"a":1}\n'], 'what came is taken');
});

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
