// Sealed values: the vectors that the Go package seal shares, tampering, and sync through a server that reads nothing.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { openReplica } from '../index.js';
import { openRemote } from '../remote.js';
import { isSealed, openKeyring, sealedFetch, unopened } from '../sealed.js';
import { compareWrites } from '../src/write.js';
import { canonical, Integer, parse } from '../src/value.js';

const vectors = JSON.parse(readFileSync(new URL('../../sealed/seal/testdata/sealed.json', import.meta.url)));
const AT = { table: 'tasks', id: '42', field: 'title', updatedAt: '2026-03-02T12:00:00.000000000Z', clientId: '7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10' };

const keyOf = (byte) => new Uint8Array(32).fill(byte);
const ringOf = (current = 'a', ...old) => openKeyring({ keys: Object.fromEntries([current, ...old].map((id) => [id, keyOf(id.charCodeAt(0))])), current, plain: (table, field) => field === 'project' });
const refusedFor = (reason, path = 'tasks/42/title') => (error) => error.name === 'FieldlwwError' && error.reason === reason && error.path === path && error.message === `fieldlww: refused: ${path}: ${reason}`;

test('values open exactly as in the vectors, or are refused for the same reason', async () => {
  const keys = Object.fromEntries(Object.entries(vectors.keys).map(([id, hex]) => [id, Uint8Array.from(Buffer.from(hex, 'hex'))]));
  const ring = await openKeyring({ keys, current: 'k1' });
  assert.ok(vectors.opens.length > 10 && vectors.refused.length > 40);
  for (const { name, sealed, value, ...at } of vectors.opens) {
    assert.equal(canonical(await ring.open(at, parse(sealed))), value, name);
    assert.ok(isSealed(parse(sealed)), name);
  }
  for (const { name, sealed, refused, ...at } of vectors.refused) {
    await assert.rejects(ring.open(at, parse(sealed)), (error) => error.reason === refused && error.path === 'meetings/budget/title', name);
    assert.equal(isSealed(parse(sealed)), refused !== 'unsealed', name);
  }
});

test('a value opens where it was sealed, and no two seals are equal', async () => {
  const ring = await ringOf();
  for (const value of [null, false, 0, '', 'höhe 😀', new Integer('9007199254740993'), [1, { b: null, a: [] }], 'a'.repeat(30_000)]) {
    const sealed = await ring.seal(AT, value);
    assert.equal(canonical(await ring.open(AT, sealed)), canonical(value));
    assert.notEqual(sealed[3], (await ring.seal(AT, value))[3]);
    for (const other of [{ table: 'notes' }, { id: '43' }, { field: 'note' }, { updatedAt: '2026-03-02T12:00:00.000000001Z' }, { clientId: '8f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10' }]) {
      await assert.rejects(ring.open({ ...AT, ...other }, sealed), { reason: 'forged' });
    }
  }
});

test('whatever character is replaced, removed or added, the value does not open, and the error has no part of it', async () => {
  const ring = await ringOf('a', 'b');
  const sealed = canonical(await ring.seal(AT, 'Budget'));
  const check = async (changed) => {
    let value;
    try {
      value = parse(changed);
    } catch {
      return; // not JSON
    }
    if (canonical(value) === sealed) return;
    const error = await ring.open(AT, value).then(() => assert.fail(changed), (refused) => refused);
    assert.ok(refusedFor(error.reason)(error), error.message);
    assert.ok(['unsealed', 'key', 'forged'].includes(error.reason));
  };
  for (let i = 0; i < sealed.length; i++) {
    for (const c of 'aAbB01-_.=+/ \n') {
      await check(sealed.slice(0, i) + c + sealed.slice(i + 1));
      await check(sealed.slice(0, i) + c + sealed.slice(i));
    }
    await check(sealed.slice(0, i));
    await check(sealed.slice(0, i) + sealed.slice(i + 1));
  }
});

test('keys are checked, and a value is sealed once', async () => {
  const is = (path) => ({ name: 'FieldlwwError', reason: 'keys', path });
  await assert.rejects(openKeyring({ keys: { a: keyOf(1) }, current: 'b' }), is('b'));
  await assert.rejects(openKeyring({ keys: { a: new Uint8Array(16) }, current: 'a' }), is('a'));
  await assert.rejects(openKeyring({ keys: { a: 'a'.repeat(32) }, current: 'a' }), is('a'));
  await assert.rejects(openKeyring({ keys: { 'a b': keyOf(1) }, current: 'a b' }), is('"a b"'));
  await assert.rejects(openKeyring({ keys: { a: keyOf(1) }, current: 'constructor' }), is('constructor'));

  const key = await crypto.subtle.importKey('raw', keyOf(97), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const ring = await openKeyring({ keys: { a: key }, current: 'a' });
  const sealed = await ring.seal(AT, 'Budget');
  assert.equal(await (await ringOf()).open(AT, sealed), 'Budget');
  for (const value of [sealed, { unopened: 'key', was: sealed }, undefined, NaN, '\ud800']) await assert.rejects(ring.seal(AT, value), refusedFor('value'));
  await assert.rejects((await ringOf('b')).open(AT, sealed), refusedFor('key'));
});

/** A server joins what it is sent, field by field, and reads no value. Functions in hooks run once. */
function newServer() {
  const s = { rows: new Map(), bodies: [], hooks: [], now: () => Date.now() };
  const join = ({ table, id, data }) => {
    const row = s.rows.get(`${table}/${id}`) ?? { table, id, data: {} };
    for (const [field, w] of Object.entries(data)) if (compareWrites(w, row.data[field]) > 0) row.data[field] = w;
    s.rows.set(`${table}/${id}`, row);
  };
  s.fetch = async (url, { body, signal }) => {
    signal.throwIfAborted();
    const lines = [...s.rows.values()].map((row) => JSON.stringify(row)).concat(`{"cursor":"e.${s.bodies.length}","level":1}`);
    if (url.includes('v1/pull')) return new Response(s.columns ?? `${lines.join('\n')}\n`);
    s.bodies.push(body);
    const items = body.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    const hook = s.hooks.shift() ?? (() => undefined);
    const results = await hook(items, join);
    if (results) return Response.json({ results });
    items.forEach(join);
    return Response.json({ results: items.map((_, index) => ({ index, verdict: 'accepted', changed: true })) });
  };
  return s;
}

/** A device has a store, and can be opened again with what is in it. */
async function openDevice(server, { id, ring, stored = new Map(), wall }) {
  const write = async (entries) => entries.forEach(([key, text]) => (text === '' ? stored.delete(key) : stored.set(key, text)));
  const d = { stored, ring: ring ?? await ringOf(), replica: openReplica({ id, saved: stored, wall }) };
  const fetch = sealedFetch({ keyring: d.ring, replica: d.replica, saved: stored, save: (entries) => (d.fails ? Promise.reject(new Error('disk full')) : write(entries)), fetch: server.fetch });
  d.sync = async () => {
    const remote = openRemote({ replica: d.replica, url: 'http://server/', token: 't', save: async () => write(d.replica.takeSaves()), fetch });
    await remote.sync();
    return d;
  };
  d.title = () => d.replica.shown('tasks', '42').get('title').value;
  d.kept = () => [...stored.keys()].filter((key) => key.startsWith('app/sealed/'));
  d.again = (options = {}) => openDevice(server, { id, ring: d.ring, stored, wall, ...options });
  return d;
}

const ANA = { id: '01000000-0000-0000-0000-000000000000' };
const BEN = { id: '02000000-0000-0000-0000-000000000000' };

test('two devices share values that the server cannot read, and plain fields that it can', async () => {
  const server = newServer();
  const [ana, ben] = [await openDevice(server, ANA), await openDevice(server, BEN)];
  ana.replica.edit('tasks', '42', { title: 'Budget', points: new Integer('9007199254740993'), project: 'north', note: undefined });
  ana.replica.edit('tasks', '43', { $deleted: true });
  await ana.sync();
  assert.ok(!/Budget|9007199254740993/.test(server.bodies[0]));
  assert.ok(isSealed(server.rows.get('tasks/42').data.title.value));
  assert.equal(server.rows.get('tasks/42').data.project.value, 'north');
  assert.equal(server.rows.get('tasks/43').data.$deleted.value, true);

  await ben.sync();
  assert.equal(ben.title(), 'Budget');
  assert.equal(String(ben.replica.shown('tasks', '42').get('points').value), '9007199254740993');
  ana.replica.edit('tasks', '42', { title: 'Budget 2027' });
  ben.replica.edit('tasks', '42', { note: 'in Room B' });
  await ana.sync();
  await ben.sync();
  await ana.sync();
  for (const d of [ana, ben]) assert.deepEqual([d.title(), d.replica.shown('tasks', '42').get('note').value], ['Budget 2027', 'in Room B']);
  assert.deepEqual([ana, ben].flatMap((d) => d.replica.takeNotices()), []);
});

test('what does not open is reported in place, the rest is shown, and sync goes on', async () => {
  const server = newServer();
  const [ana, ben] = [await openDevice(server, ANA), await openDevice(server, { ...BEN, ring: await ringOf('b') })];
  ana.replica.edit('tasks', '42', { title: 'Budget', note: 'a note', project: 'north' });
  ana.replica.edit('tasks', '43', { title: 'Hiring' });
  await ana.sync();
  const { data } = server.rows.get('tasks/42');
  const [title, later] = [data.title, data.title.updatedAt.replace(/.Z$/, '9Z')];
  for (const [reason, forged] of [
    ['forged', { ...title, value: data.note.value }],
    ['forged', { ...title, value: server.rows.get('tasks/43').data.title.value }],
    ['forged', { ...title, updatedAt: later }],
    ['forged', { ...title, clientId: BEN.id }],
    ['unsealed', { ...title, value: ['sealed', 1, 'a', title.value[3].slice(0, 20)] }],
    ['unsealed', { ...title, value: 'Cancelled' }],
    ['unsealed', { ...title, value: JSON.stringify(title.value) }],
    ['unsealed', { ...title, value: { unopened: '', was: 'x' } }],
    ['key', { ...title, value: ['sealed', 1, 'z', title.value[3]] }],
  ]) {
    data.title = forged;
    await ana.sync();
    assert.equal(unopened(ana.title()), reason);
    assert.deepEqual(ana.title().was, forged.value);
    assert.equal(ana.replica.shown('tasks', '42').get('note').value, 'a note');
    assert.equal(ana.replica.shown('tasks', '43').get('title').value, 'Hiring');
  }
  data.title = title;
  await ana.sync();
  assert.deepEqual([ana.title(), unopened(ana.title())], ['Budget', '']);

  await ben.sync();
  assert.equal(unopened(ben.title()), 'key');
  assert.equal(ben.replica.shown('tasks', '42').get('project').value, 'north');
  const place = { table: 'tasks', id: '42', field: 'title', updatedAt: title.updatedAt, clientId: title.clientId };
  assert.equal(await ana.ring.open(place, ben.title().was), 'Budget', 'it opens when the key has come');
});

test('after a lost answer and a restart the same sealed text is sent again, and then forgotten', async () => {
  const server = newServer();
  let ana = await openDevice(server, ANA);
  ana.replica.edit('tasks', '42', { title: 'Budget' });
  server.hooks.push((items, join) => {
    items.forEach(join);
    throw new TypeError('the network is gone');
  });
  await assert.rejects(ana.sync(), /the network is gone/);
  assert.equal(ana.kept().length, 1);
  assert.ok(![...ana.stored].some(([key, text]) => key.startsWith('app/sealed/') && /Budget/.test(text)));
  ana = await (await ana.again()).sync();
  assert.equal(server.bodies.length, 2);
  assert.equal(server.bodies[0], server.bodies[1]);
  ana.replica.edit('tasks', '42', { title: 'Budget 2027' });
  await ana.sync();
  assert.equal(ana.kept().length, 1, 'the first edit was answered');
});

test('nothing is sent before its sealed text is saved', async () => {
  const server = newServer();
  const ana = await openDevice(server, ANA);
  ana.replica.edit('tasks', '42', { title: 'Budget' });
  ana.fails = true;
  await assert.rejects(ana.sync(), /disk full/);
  assert.deepEqual(server.bodies, []);
  ana.fails = false;
  await (await ana.again()).sync();
  assert.equal(server.bodies.length, 1);
});

test('an edit that is stamped again is sealed again', async () => {
  const server = newServer();
  const [ana, ben] = [await openDevice(server, { ...ANA, wall: () => Date.now() + 3_600_000 }), await openDevice(server, BEN)];
  ana.replica.edit('tasks', '42', { title: 'Budget' });
  server.hooks.push((items) => items.map((_, index) => ({ index, verdict: 'refused', code: 'too_far_ahead', retryable: true, serverTime: `${new Date().toISOString().slice(0, 23)}000000Z` })));
  await ana.sync();
  const [first, second] = server.bodies.map((body) => JSON.parse(body).data.title);
  assert.ok(second.updatedAt < first.updatedAt);
  assert.notEqual(second.value[3], first.value[3]);
  await ben.sync();
  assert.equal(ben.title(), 'Budget');
  assert.equal(ana.kept().length, 1, 'the first seal is forgotten');
});

test('keys rotate by ordinary writes, and the old one is kept for reading', async () => {
  const server = newServer();
  const ana = await (await openDevice(server, ANA)).sync();
  ana.replica.edit('tasks', '42', { title: 'Budget' });
  await ana.sync();
  const next = await ana.again({ ring: await ringOf('b', 'a') });
  assert.equal(next.title(), 'Budget');
  next.replica.edit('tasks', '42', { title: next.title() });
  await next.sync();
  assert.equal(server.rows.get('tasks/42').data.title.value[2], 'b');
  const cleo = await (await openDevice(server, { ...BEN, ring: await ringOf('b') })).sync();
  assert.equal(cleo.title(), 'Budget', 'the old key is not needed any more');
});

test('an error of the program ends the sync, and is not taken for a value that does not open', async () => {
  const server = newServer();
  const ana = await openDevice(server, ANA);
  ana.replica.edit('tasks', '42', { title: 'Budget' });
  await ana.sync();
  const broken = { ...ana.ring, open: () => Promise.reject(new TypeError('a fault')) };
  await assert.rejects((await openDevice(server, { ...BEN, ring: broken })).sync(), /a fault/);
});

test('columns are opened too, and do not bypass the keys', async () => {
  const server = newServer();
  const { chunks } = JSON.parse(readFileSync(new URL('../../../merge/testdata/vectors/columns.json', import.meta.url)));
  const text = (t) => (Array.isArray(t) ? t.map(text).join('') : t.repeat && typeof t === 'object' ? t.repeat[0].repeat(t.repeat[1]) : t);
  let values = 0;
  for (const { name, in: chunk } of chunks) {
    server.columns = `${text(chunk)}\n{"cursor":"e.1","level":1}\n`;
    const ana = await (await openDevice(server, ANA)).sync();
    const plain = openReplica({ id: ANA.id });
    plain.pulled(plain.beginPull(), server.columns);
    for (const table of new Set(JSON.stringify(server.columns).match(/\w+/g))) {
      assert.equal(ana.replica.records(table).length, plain.records(table).length, name);
      for (const [id, record] of plain.records(table)) {
        for (const [field, w] of record) {
          const { value } = ana.replica.shown(table, id).get(field);
          if (w.deleted || field.startsWith('$') || field === 'project') assert.deepEqual(value, w.value, name);
          else {
            assert.deepEqual(value, { unopened: 'unsealed', was: w.value }, name);
            values++;
          }
        }
      }
    }
  }
  assert.ok(values > 10);
});
