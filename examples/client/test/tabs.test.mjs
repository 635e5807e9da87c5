// Tabs that share one store under one lock, and a server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openRemote } from '../remote.js';
import { open } from '../store/memory.js';
import { openTab } from '../tabs.js';

const ANA = '01000000-0000-0000-0000-000000000000';
const BEN = '02000000-0000-0000-0000-000000000000';

/** A browser has the locks and the channels of its tabs, and one store, whose reads it counts. */
async function newBrowser() {
  const last = new Map();
  const locks = {
    request(name, act) {
      const held = (last.get(name) ?? Promise.resolve()).then(act);
      last.set(name, held.catch(() => {}));
      return held;
    },
  };
  const channels = new Set();
  const newChannel = () => {
    const channel = {
      postMessage: (data) => [...channels].forEach((other) => other !== channel && other.onmessage({ data: structuredClone(data) })),
      close: () => channels.delete(channel),
    };
    channels.add(channel);
    return channel;
  };
  const store = await open();
  const b = { store, loads: 0, channels };
  const { load } = store;
  store.load = () => (b.loads++, load());
  b.open = () => {
    const heard = [];
    const told = [];
    const tab = openTab({ name: 'tasks', store, id: ANA, locks, channel: newChannel(), changed: (keys) => heard.push(...keys.map(([, id]) => id)), told: (all) => told.push(...all) });
    return { ...tab, heard, told };
  };
  return b;
}

const line = (id, value) => `{"table":"tasks","id":"${id}","data":{"title":{"value":"${value}","updatedAt":"2025-01-01T00:00:00.001000000Z","clientId":"${BEN}"}}}\n`;

/** serverOf answers requests with functions that the test gives; by default it accepts all edits and has no news. */
function serverOf({ pull = () => '{"cursor":"e.1","level":1}\n', push = (items) => items.map(() => ({ verdict: 'accepted' })) } = {}) {
  const pushes = [];
  const fetch = async (url, { body }) => {
    if (url.includes('/pull')) return new Response(await pull(new URL(url).searchParams.get('cursor')));
    const items = body.split('\n').filter(Boolean).map((each) => JSON.parse(each));
    pushes.push(items.map((it) => it.id));
    return Response.json({ results: await push(items) });
  };
  return { fetch, pushes };
}

const remoteOf = (tab, { fetch }) => openRemote({ act: tab.act, url: 'http://server', token: 't', fetch });
const edit = (tab, id, title) => tab.act((replica) => replica.edit('tasks', id, { title }));
const titleOf = (tab, id) => tab.act((replica) => replica.shown('tasks', id).get('title')?.value);

test('each tab shows the edits of all, is told about them once, and no stamp is used twice', async () => {
  const browser = await newBrowser();
  const [a, b] = [browser.open(), browser.open()];
  await Promise.all([...'abcdef'].map((id, i) => edit(i % 2 ? a : b, id, id)));
  for (const tab of [a, b]) {
    assert.deepEqual(await Promise.all([...'abcdef'].map((id) => titleOf(tab, id))), [...'abcdef']);
    assert.deepEqual(tab.heard.toSorted(), [...'abcdef']);
  }
  const stamps = await a.act((replica) => replica.outbox().map((text) => JSON.parse(text).data.title.updatedAt));
  assert.equal(new Set(stamps).size, 6);
});

test('a tab reads the store again only after another tab has saved', async () => {
  const browser = await newBrowser();
  const [a, b] = [browser.open(), browser.open()];
  for (let i = 0; i < 5; i++) await edit(a, 'x', `${i}`);
  assert.equal(browser.loads, 1);
  assert.equal(await titleOf(b, 'x'), '4');
  assert.equal(browser.loads, 2);
  await titleOf(a, 'x');
  assert.equal(browser.loads, 2);
  await edit(b, 'x', '5');
  assert.equal(await titleOf(a, 'x'), '5');
  assert.equal(browser.loads, 3);
});

test('an act that fails changes nothing, and the next one goes on', async () => {
  const browser = await newBrowser();
  const a = browser.open();
  await edit(a, 'x', 'before');
  await assert.rejects(a.act((replica) => {
    replica.edit('tasks', 'x', { title: 'lost' });
    throw new Error('no');
  }), /no/);
  assert.equal(await titleOf(a, 'x'), 'before');
  browser.store.save = async () => { throw new Error('full'); };
  await assert.rejects(edit(a, 'x', 'lost'), /full/);
  assert.equal(await titleOf(a, 'x'), 'before');
  assert.deepEqual(a.heard, ['x']);
});

test('no tab waits for the pull of another, and the later answer to one cursor is discarded', async () => {
  const browser = await newBrowser();
  const [a, b] = [browser.open(), browser.open()];
  const gate = withResolvers();
  const slow = remoteOf(a, serverOf({ pull: async (cursor) => (cursor === '' ? (await gate.promise, `${line('x', 'old')}${line('y', 'old')}{"cursor":"e.1","level":1}\n`) : '{"cursor":"e.2","level":1}\n') })).sync();
  await remoteOf(b, serverOf({ pull: () => `${line('x', 'new')}{"cursor":"e.2","level":1}\n` })).sync();
  assert.equal(await titleOf(b, 'x'), 'new');
  gate.resolve();
  await slow;
  assert.deepEqual([await titleOf(a, 'x'), await titleOf(a, 'y')], ['new', undefined]);
  assert.deepEqual(a.heard, ['x'], 'a tab is told what another one has pulled');
});

test('two tabs never send the same edits', async () => {
  const browser = await newBrowser();
  const [a, b] = [browser.open(), browser.open()];
  await edit(a, 'x', 'x');
  const server = serverOf({ push: async (items) => {
    await new Promise(setImmediate);
    return items.map(() => ({ verdict: 'accepted' }));
  } });
  await Promise.all([remoteOf(a, server).sync(), remoteOf(b, server).sync()]);
  assert.deepEqual(server.pushes, [['x']]);
});

test('a tab that is closed between a push and its answer leaves the edit to the others', async () => {
  const browser = await newBrowser();
  const [a, b] = [browser.open(), browser.open()];
  await edit(a, 'x', 'x');
  await assert.rejects(remoteOf(a, serverOf({ push: () => { throw new Error('closed'); } })).sync(), /closed/);
  a.close();
  assert.equal(browser.channels.size, 1);
  const server = serverOf();
  await edit(b, 'x', 'y'); // is not joined with the edit that may have arrived
  await remoteOf(b, server).sync();
  assert.deepEqual(server.pushes, [['x', 'x']]);
  assert.equal(await b.act((replica) => replica.waiting), 0);
});

test('a refusal is told by the tab that hears it, and takes the edit away in all', async () => {
  const browser = await newBrowser();
  const [a, b] = [browser.open(), browser.open()];
  await edit(a, 'x', 'x');
  await remoteOf(b, serverOf({ push: () => [{ verdict: 'refused', code: 'rejected' }] })).sync();
  assert.deepEqual([a.told.length, b.told.map((n) => n.kind)], [0, ['refused']]);
  assert.deepEqual([await titleOf(a, 'x'), a.heard], [undefined, ['x', 'x']]);
});

test('the server’s time that came with a pull is used by the next act', async () => {
  const browser = await newBrowser();
  const a = browser.open();
  const hour = 3_600_000;
  const ahead = new Date(Date.now() + hour).toISOString().replace('Z', '000000Z');
  const fetch = async () => new Response('{"cursor":"e.1","level":1}\n', { headers: { 'Server-Time': ahead } });
  await remoteOf(a, { fetch }).sync();
  assert.ok(Math.abs((await a.act((replica) => replica.offset)) - hour) < 60_000);
});

function withResolvers() {
  let resolve;
  const promise = new Promise((r) => (resolve = r));
  return { promise, resolve };
}
