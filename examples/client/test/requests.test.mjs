// Single requests: an answer may arrive slowly and in any parts, but must be complete.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { events, join, pull } from '../requests.js';

/** streaming returns a caller whose request is answered with a body that the test writes. Aborting the request ends it. */
function streaming() {
  let controller;
  const fetch = async (_, { signal }) => {
    signal.addEventListener('abort', () => controller.error(signal.reason));
    return new Response(new ReadableStream({ start: (c) => (controller = c) }));
  };
  return { caller: { fetch }, write: (part) => controller.enqueue(typeof part === 'string' ? new TextEncoder().encode(part) : part), close: () => controller.close() };
}

const settled = () => new Promise(setImmediate);

/** collected collects what a request yields; end settles when it ends. */
function collected(request) {
  const all = [];
  const end = (async () => {
    for await (const each of request) all.push(each);
  })();
  return { all, end };
}

const END = '{"cursor":"e.1","level":1}\n';

test('a pull may take a long time, but must not pause for a minute', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const server = streaming();
  let failed = null;
  const ended = collected(pull(server.caller, '')).end.catch((error) => (failed = error));
  await settled();
  for (let i = 0; i < 3; i++) {
    t.mock.timers.tick(50_000);
    server.write('{"seq":1}\n');
    await settled();
  }
  assert.equal(failed, null);
  t.mock.timers.tick(60_000);
  await ended;
  assert.equal(failed.name, 'TimeoutError');
});

test('while a chunk is applied, the server is not waited for', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const server = streaming();
  const ended = (async () => {
    for await (const chunk of pull(server.caller, '')) t.mock.timers.tick(chunk.length && 60_000);
  })();
  await settled();
  for (let i = 0; i < 2; i++) {
    server.write(END);
    await settled();
  }
  server.close();
  await ended;
});

test('a pull yields a chunk when its last line has arrived, however the answer is cut', async () => {
  const text = `{"seq":1,"table":"ä"}\n${END}{"seq":2,"table":"t","data":{"cursor":{}}}\n{"table":"x","cursor":"y"}\n${END}`;
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 7, 30, bytes.length]) {
    const server = streaming();
    const chunks = collected(pull(server.caller, ''));
    await settled();
    for (let at = 0; at < bytes.length; at += size) {
      server.write(bytes.subarray(at, at + size));
      await settled();
    }
    assert.equal(chunks.all.join(''), text, `parts of ${size}`);
    assert.ok(chunks.all.every((chunk) => chunk.endsWith(END)));
    assert.equal(chunks.all.length, size === bytes.length ? 1 : 2);
    server.close();
    await chunks.end;
  }
});

test('a pull that was cut off is an error, after the complete chunks', async () => {
  for (const rest of ['{"seq":2}\n', '{"seq"']) {
    const server = streaming();
    const chunks = collected(pull(server.caller, ''));
    await settled();
    server.write(`{"seq":1}\n${END}${rest}`);
    server.close();
    await assert.rejects(chunks.end, /cut off/);
    assert.deepEqual(chunks.all, [`{"seq":1}\n${END}`]);
  }
});

test('a chunk that does not end, or whose last line is not JSON, is refused', async () => {
  for (const [part, times] of [['x'.repeat(1 << 24), 5], [`${'x'.repeat(1 << 24)}\n`, 5], ['{"cursor":\n', 1]]) {
    const server = streaming();
    const chunks = collected(pull(server.caller, ''));
    await settled();
    for (let i = 0; i < times; i++) server.write(part);
    server.close();
    await assert.rejects(chunks.end, { name: 'FieldlwwError', reason: 'answer' });
    assert.deepEqual(chunks.all, []);
  }
});

test('events yields sequences, and ends when the stream is silent', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const server = streaming();
  const heard = collected(events(server.caller));
  await settled();
  for (const part of ['data: 7\n', '\n: nothing new\n\nda', 'ta: 12\n\n']) {
    server.write(part);
    await settled();
  }
  assert.deepEqual(heard.all, [7, 12]);
  t.mock.timers.tick(40_000);
  await assert.rejects(heard.end, { name: 'TimeoutError' });
});

test('a device can join as the user of a token, and keep its client ID', async () => {
  const asked = [];
  const fetch = async (url, { body, headers }) => (asked.push([url, headers.Authorization, JSON.parse(body)]), Response.json({ clientId: 'x', token: 't' }));
  await join({ url: 'http://server', workspace: 'demo', fetch });
  await join({ url: 'http://server/', workspace: 'demo', invite: 'i', clientId: 'x', token: 't', fetch });
  assert.deepEqual(asked, [
    ['http://server/v1/join', undefined, { workspace: 'demo' }],
    ['http://server/v1/join', 'Bearer t', { workspace: 'demo', invite: 'i', clientId: 'x' }],
  ]);
});
