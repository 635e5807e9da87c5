// Hostile answers over HTTP: a round ends with an error that is documented, and the edits stay.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openReplica } from '../index.js';
import { join, openRemote } from '../remote.js';
import { events, pull, renew } from '../requests.js';

const ANA = '01000000-0000-0000-0000-000000000000';
const ODD = ['', 'null', '0', '[]', '{}', '"x"', '{"results":', '{"results":null}', '{"results":[]}', '{"results":[null]}', '{"results":[{},{}]}', '{"results":{"length":1}}',
  '{"token":1}', '{"code":{"toString":1},"detail":{"toString":1}}', '{"code":7}', '['.repeat(20_000), `${'['.repeat(20_000)}${']'.repeat(20_000)}`, '\ufffd\u0000'];
const END = '{"cursor":"e.1"}\n';

/** device returns a Replica with an edit that waits, and its remote for a server whose answers to a path are odd. */
function device(path, odd) {
  const replica = openReplica({ id: ANA });
  replica.edit('tasks', 'a', { title: 'x' });
  const fetch = async (url, options) => {
    options.signal.throwIfAborted();
    const { pathname } = new URL(url);
    return pathname === path ? odd(options) : new Response(pathname === '/v1/pull' ? END : '{"results":[{"verdict":"accepted"}]}');
  };
  return { replica, remote: openRemote({ replica, url: 'http://server', token: 't', fetch, save: async () => replica.takeSaves() }) };
}

const isKnown = (error) => {
  assert.ok(['FieldlwwError', 'Refused'].includes(error.name) || error.message === 'the answer was cut off', error.stack);
  return true;
};

test('odd bodies, with and without success', async () => {
  for (const path of ['/v1/pull', '/v1/push']) {
    for (const status of [200, 204, 400, 401, 409, 429, 500]) {
      for (const body of ODD) {
        const { replica, remote } = device(path, () => new Response(status === 204 ? null : body, { status }));
        await assert.rejects(remote.sync(), isKnown, `${path} ${status} ${body.slice(0, 30)}`);
        assert.equal(replica.waiting, 1);
      }
    }
  }
});

test('odd lines of a pull', async () => {
  for (const body of [...ODD, '{"cursor":1}', '{"cursor":null,"more":true}', '{"table":"t","cursor":"e.1"}', '"cursor"', '[{"cursor":"e.1"}]']) {
    const { replica, remote } = device('/v1/pull', () => new Response(`${body}\n${body.trim() === '' ? '' : END}`));
    await assert.rejects(remote.sync(), isKnown, body.slice(0, 30));
    assert.deepEqual([replica.waiting, replica.cursor], [1, '']);
  }
});

test('odd memberships', async () => {
  for (const body of [...ODD, '{"token":"t","clientId":1}', '{"token":"t","user":{}}', '{"token":"\\ud800"}']) {
    const fetch = async () => new Response(body);
    await assert.rejects(join({ url: 'http://server', workspace: 'demo', fetch }), { name: 'FieldlwwError' }, body.slice(0, 30));
    await assert.rejects(renew({ url: 'http://server', fetch }), { name: 'FieldlwwError' });
  }
});

test('odd headers', async () => {
  const waits = [['-5', 0], ['1e400', 86_400_000], ['99999999999', 86_400_000], ['NaN', 0], ['Fri, 27 Nov 2026 12:00:00 GMT', 0], ['2', 2000]];
  for (const [text, wait] of waits) {
    const { remote } = device('/v1/push', () => new Response('{}', { status: 429, headers: { 'Retry-After': text } }));
    await assert.rejects(remote.sync(), { name: 'Refused', wait });
  }
  for (const time of ['x', '2026-03-02', '2026-03-02T10:00:00.000x', '9999-01-01T00:00:00.000000000Z']) {
    const { replica, remote } = device('/v1/pull', () => new Response(END, { headers: { 'Server-Time': time } }));
    await remote.sync();
    assert.deepEqual([replica.offset, replica.waiting], [0, 0]);
  }
});

/** endless returns an answer that repeats a text for ever, and tells how often it was read. */
function endless(text, status = 200) {
  const part = new TextEncoder().encode(text);
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(part) }), { status });
}

test('answers that do not end are read within bounds', async () => {
  const blank = ' '.repeat(1 << 22);
  for (const text of ['x'.repeat(1 << 22), blank, '\n'.repeat(1 << 12), '{"left":true}\n', `${blank}\n`, '{"cursor":"e.7","more":true}\n']) {
    const { replica, remote } = device('/v1/pull', () => endless(text));
    await assert.rejects(remote.sync(), { name: 'FieldlwwError', reason: 'answer' }, text.slice(0, 30));
    assert.equal(replica.waiting, 1);
  }
  for (const status of [200, 500]) {
    const { replica, remote } = device('/v1/push', () => endless(blank, status));
    await assert.rejects(remote.sync(), isKnown);
    assert.equal(replica.waiting, 1);
  }
  const listening = async () => {
    for await (const sequence of events({ url: 'http://server', fetch: async () => endless(blank) })) assert.fail(sequence);
  };
  await assert.rejects(listening(), { name: 'FieldlwwError' });
});

test('pages without an end are saved one by one, until the signal ends the round', async () => {
  const ending = new AbortController();
  let pages = 0;
  const { replica, remote } = device('/v1/pull', () => {
    if (++pages === 50) ending.abort();
    return new Response(`{"cursor":"e.${pages}","more":true}\n`);
  });
  await assert.rejects(remote.sync(ending.signal), { name: 'AbortError' });
  assert.deepEqual([replica.waiting, replica.cursor], [1, 'e.50']);
});

test('a cursor that cannot be sent is refused', async () => {
  const { replica, remote } = device('/v1/pull', () => new Response('{"cursor":"\\ud800"}\n'));
  for (let i = 0; i < 2; i++) await assert.rejects(remote.sync(), { name: 'FieldlwwError' });
  assert.equal(replica.cursor, '');
});

test('a token that always ends is renewed once', async () => {
  let asked = 0;
  const fetch = async (url) => (asked++, url.endsWith('/v1/renew') ? Response.json({ token: 't' }) : Response.json({ code: 'token_ended' }, { status: 401 }));
  const replica = openReplica({ id: ANA });
  await assert.rejects(openRemote({ replica, url: 'http://server', token: 't', fetch, save: async () => {} }).sync(), { name: 'Refused', code: 'token_ended' });
  assert.equal(asked, 3);
});

test('a pull in parts of one byte is the same pull', async () => {
  const text = `{"a":"\u00e4\ud83d\ude00"}\n${END}`;
  const bytes = [...new TextEncoder().encode(text)].map((byte) => Uint8Array.of(byte));
  let all = '';
  for await (const chunk of pull({ url: 'http://server', fetch: async () => new Response(ReadableStream.from(bytes)) }, '')) all += chunk;
  assert.equal(all, text);
});
