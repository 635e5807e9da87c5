// Sync over HTTP, against a server that plays a script.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openReplica } from '../index.js';
import { openRemote } from '../remote.js';

const ANA = '01000000-0000-0000-0000-000000000000';

/** A server stores what it accepts, and answers each request by the first of its rules that returns an answer. */
function serverWith(...rules) {
  const s = { pushes: [], tokens: [], accepted: new Map() };
  const chunk = () => `{"cursor":"e.${s.accepted.size}","level":1}\n`;
  s.fetch = async (url, { method = 'GET', body, headers, signal }) => {
    signal.throwIfAborted();
    const { pathname, searchParams } = new URL(url);
    const call = { path: pathname, query: searchParams, lines: (body || '').split('\n').filter(Boolean).map((l) => JSON.parse(l)), method };
    s.tokens.push(headers.Authorization);
    if (pathname === '/v1/push') s.pushes.push(call.lines.length);
    for (const rule of rules) {
      const answer = await rule(call, s);
      if (answer) return answer;
    }
    if (pathname === '/v1/pull') return new Response(chunk());
    for (const m of call.lines) s.accepted.set(m.id, m);
    return Response.json({ results: call.lines.map((m, index) => ({ index, verdict: 'accepted', changed: true })) });
  };
  return s;
}

const refusal = (status, code) => Response.json({ code }, { status });

function deviceOf(server, { saved = () => {}, progress } = {}) {
  const stored = new Map();
  const replica = openReplica({ id: ANA });
  const renewed = [];
  const save = async () => {
    replica.takeSaves().forEach(([key, text]) => (text === '' ? stored.delete(key) : stored.set(key, text)));
    saved(replica);
  };
  const remote = openRemote({ replica, url: 'http://server/', token: 'first', save, renewed: (t) => renewed.push(t), progress, fetch: server.fetch });
  return { replica, remote, stored, renewed };
}

const edits = (replica, n) => Array.from({ length: n }, (_, i) => replica.edit('tasks', `t${i}`, { title: i }));

test('edits are saved before they are sent, and leave the outbox once they are answered', async () => {
  const device = deviceOf(serverWith(({ path, lines }) => {
    if (path === '/v1/push') for (const m of lines) assert.ok([...device.stored].some(([key, text]) => key.startsWith('outbox/') && JSON.parse(text).id === m.id));
  }), { saved: (replica) => replica.cursor === 'e.0' && replica.waiting === 3 && replica.edit('tasks', 'late', { title: 'x' }) });
  edits(device.replica, 3);
  assert.equal(await device.remote.sync(), 0);
  assert.equal(device.replica.waiting, 0);
  assert.equal([...device.stored.keys()].some((key) => key.startsWith('outbox/')), false);
});

test('after a lost answer the same edits are sent again', async () => {
  let lost = false;
  const server = serverWith(({ path, lines }, s) => {
    if (path !== '/v1/push' || lost) return undefined;
    lost = true;
    for (const m of lines) s.accepted.set(m.id, m);
    throw new TypeError('the network is gone');
  });
  const device = deviceOf(server);
  edits(device.replica, 2);
  await assert.rejects(device.remote.sync(), /the network is gone/);
  assert.equal(device.replica.waiting, 2);
  await device.remote.sync();
  assert.deepEqual(server.pushes, [2, 2]);
  assert.equal(device.replica.waiting, 0);
});

test('a batch that the server cannot read is halved until the invalid edit is found, which is refused', async () => {
  const server = serverWith(({ path, lines }) => (path === '/v1/push' && lines.some((m) => m.id === 't5') ? refusal(400, 'malformed') : undefined));
  const device = deviceOf(server);
  edits(device.replica, 8);
  await device.remote.sync();
  assert.equal(device.replica.waiting, 0);
  assert.deepEqual([...server.accepted.keys()].sort(), ['t0', 't1', 't2', 't3', 't4', 't6', 't7']);
  assert.deepEqual(device.replica.takeNotices().map((n) => [n.kind, n.id, n.code]), [['refused', 't5', 'malformed']]);
});

test('a batch that is too large for a proxy is halved, and no edit is dropped', async () => {
  const server = serverWith(({ path, lines }) => (path === '/v1/push' && lines.length > 2 ? new Response('', { status: 413 }) : undefined));
  const device = deviceOf(server);
  edits(device.replica, 8);
  await device.remote.sync();
  assert.equal(device.replica.waiting, 0);
  assert.equal(server.accepted.size, 8);
});

test('a token that has ended is renewed once', async () => {
  const server = serverWith(({ path }, s) => {
    if (path === '/v1/renew') return Response.json({ token: 'second' });
    return s.tokens[s.tokens.length - 1] === 'Bearer first' ? refusal(401, 'token_ended') : undefined;
  });
  const device = deviceOf(server);
  edits(device.replica, 1);
  await device.remote.sync();
  assert.deepEqual(device.renewed, ['second']);
  assert.equal(device.replica.waiting, 0);
});

test('a server that was restored judges nothing until the client has pulled', async () => {
  const paths = [];
  const server = serverWith(({ path }) => {
    paths.push(path);
    return path === '/v1/push' && paths.length === 2 ? refusal(409, 'epoch_changed') : undefined;
  });
  const device = deviceOf(server);
  edits(device.replica, 1);
  await device.remote.sync();
  assert.equal(device.replica.waiting, 0);
  assert.deepEqual(paths, ['/v1/pull', '/v1/push', '/v1/pull', '/v1/push', '/v1/pull']);
});

test('a server that accepts nothing for now ends the round, and the edits stay', async () => {
  const server = serverWith(({ path, lines }) => (path === '/v1/push'
    ? Response.json({ results: lines.map((m, index) => ({ index, verdict: 'refused', code: 'storage_full', retryable: true, changed: false })) }) : undefined));
  const device = deviceOf(server);
  edits(device.replica, 3);
  assert.equal(await device.remote.sync(), 3);
  assert.equal(device.replica.waiting, 3);
  assert.ok(server.pushes.length <= 3, `${server.pushes.length} pushes`);
});

test('an answer that is cut off is an error, and its complete chunks are kept', async () => {
  const row = (id, field) => `{"table":"tasks","id":"${id}","data":{"${field}":{"value":"x","updatedAt":"2026-03-02T10:00:00.000000000Z","clientId":"${ANA}"}}}\n`;
  const server = serverWith(({ path, query }) => (path === '/v1/pull' && query.get('cursor') === ''
    ? new Response(`${row('a', 'title')}{"cursor":"e.1","more":true}\n${row('b', 'cursor')}`) : undefined));
  const device = deviceOf(server);
  await assert.rejects(device.remote.sync(), /cut off/);
  assert.equal(device.replica.shown('tasks', 'a').size, 1);
  assert.equal(device.replica.shown('tasks', 'b').size, 0);
  assert.equal(device.replica.cursor, 'e.1');
});

test('how far a pull is, is told after each part is saved', async () => {
  const trailers = ['"more":true,"reached":16,"last":40', '"more":true,"reached":41,"last":40', '"more":true', '"more":true,"reached":"32","last":40', '"reached":40,"last":40'];
  const parts = trailers.map((t, i) => new TextEncoder().encode(`{"cursor":"e.${i}",${t}}\n`));
  const server = serverWith(({ path }) => (path === '/v1/pull' ? new Response(ReadableStream.from(parts)) : undefined));
  const told = [];
  const { remote, stored } = deviceOf(server, { progress: (p) => told.push([p, JSON.parse(stored.get('state')).cursor]) });
  await remote.sync();
  assert.deepEqual(told, [[{ reached: 16, last: 40 }, 'e.0'], [null, 'e.1'], [null, 'e.2'], [null, 'e.3'], [null, 'e.4']]);
});

test('a server whose cursor never moves ends the round', async () => {
  const device = deviceOf(serverWith(({ path }) => (path === '/v1/pull' ? new Response('{"cursor":"","more":true}\n') : undefined)));
  await assert.rejects(device.remote.sync(), { name: 'FieldlwwError' });
});

test('rounds may overlap', async () => {
  const server = serverWith(async ({ path, lines }, s) => {
    if (path !== '/v1/push') return undefined;
    for (let i = 0; i < 30; i++) await new Promise(setImmediate); // so that the other rounds have pulled
    for (const m of lines) s.accepted.set(m.id, m);
    return Response.json({ results: lines.map((m, index) => ({ index, verdict: 'accepted', changed: true })) });
  });
  const device = deviceOf(server);
  edits(device.replica, 600);
  await Promise.all([device.remote.sync(), device.remote.sync(), device.remote.sync()]);
  assert.deepEqual(server.pushes, [500, 100]);
  assert.equal(device.replica.waiting, 0);
});

test('a round that failed does not hold up the next one, unless a save has failed', async () => {
  let broken = true;
  let full = false;
  const server = serverWith(({ path }) => (path === '/v1/pull' && broken ? new Response('{"cursor":1}\n{"cursor":"e.1","fence":1}\n') : undefined));
  const device = deviceOf(server, { saved: () => {
    if (full) throw new Error('full');
  } });
  await assert.rejects(device.remote.sync(), { name: 'FieldlwwError' });
  broken = false;
  await device.remote.sync();
  edits(device.replica, 1);
  full = true;
  await assert.rejects(device.remote.sync(), /full/);
  full = false;
  await assert.rejects(device.remote.sync(), /full/);
  assert.deepEqual(server.pushes, []);
});

test('news is told one after the other, and a failure ends the stream', async () => {
  const news = ReadableStream.from(['data: 7\n\nda', 'ta: 8\n\n', 'data: 9\n\n'].map((text) => new TextEncoder().encode(text)));
  const device = deviceOf(serverWith(({ path }) => (path === '/v1/events' ? new Response(news) : undefined)));
  const told = [];
  await assert.rejects(device.remote.events(undefined, async (sequence) => {
    told.push(`begin ${sequence}`);
    await new Promise(setImmediate);
    told.push(`end ${sequence}`);
    if (sequence === 8) throw new Error('no network');
  }), /no network/);
  assert.deepEqual(told, ['begin 7', 'end 7', 'begin 8', 'end 8']);
});

test('an edit that is refused names the field', () => {
  const replica = openReplica({ id: ANA });
  for (const value of [new Date(), NaN, '\ud800', { at: { b: undefined } }]) {
    assert.throws(() => replica.edit('tasks', 'x', { title: 'x', due: value }), { name: 'FieldlwwError', path: 'due' });
  }
  assert.equal(replica.waiting, 0);
});
