// What all stores have in common, and the lock under which tabs share one.

import assert from 'node:assert/strict';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { openReplica } from '../index.js';
import { keepInSync } from '../live.js';
import { openRemote } from '../remote.js';
import * as index from '../index.js';
import { open as openFile } from '../store/file.js';
import { locked } from '../store/lock.js';
import { open as openMemory } from '../store/memory.js';

const ANA = '01000000-0000-0000-0000-000000000000';
const BEN = '02000000-0000-0000-0000-000000000000';

async function eachStore(act) {
  const folder = await mkdtemp(join(tmpdir(), 'fieldlww-'));
  try {
    for (const open of [openMemory, openFile]) {
      const store = await open(join(folder, 'tasks.log'));
      await act(store);
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a store keeps what was saved last, and removes what has no text', () =>
  eachStore(async (store) => {
    assert.deepEqual(await store.load(), []);
    await store.save([['state', '1'], ['record/a\0b', 'é\n"\u{1f600}'], ['outbox/1', 'x']]);
    await store.save([['state', '2'], ['outbox/1', ''], ['outbox/2', '']]);
    assert.deepEqual((await store.load()).sort(), [['record/a\0b', 'é\n"\u{1f600}'], ['state', '2']]);
  }));

test('saves that overlap keep their order, and load includes them', () =>
  eachStore(async (store) => {
    store.save([['state', 'long'.repeat(1_000_000)]]);
    for (let i = 1; i <= 20; i++) {
      const entries = [['state', `${i}`]];
      store.save(entries);
      entries.length = 0; // a store must not read them later
    }
    assert.deepEqual(await store.load(), [['state', '20']]);
  }));

test('each save changes the version', () =>
  eachStore(async (store) => {
    const versions = [await store.version()];
    for (const text of ['1', '1', '']) {
      store.save([['state', text]]);
      versions.push(await store.version(), await store.version());
    }
    assert.equal(new Set(versions).size, 4);
  }));

test('a Replica reads what it saved', () =>
  eachStore(async (store) => {
    const replica = openReplica({ id: ANA });
    replica.edit('tasks', '42', { title: 'Paint' });
    await store.save([...replica.takeSaves(), ['app/device', 'x']]);
    const again = openReplica({ id: ANA, saved: await store.load() });
    assert.equal(again.shown('tasks', '42').get('title').value, 'Paint');
    assert.deepEqual(again.outbox(), replica.outbox());
    for (const key of ['app', 'apps/device', 'device', '']) assert.throws(() => openReplica({ saved: [[key, 'x']] }), { name: 'FieldlwwError', path: key });
  }));

/** Locks are a substitute for navigator.locks. */
function newLocks() {
  const last = new Map();
  return {
    request(name, act) {
      const held = (last.get(name) ?? Promise.resolve()).then(act);
      last.set(name, held.catch(() => {}));
      return held;
    },
  };
}

const line = (id, value, ms) =>
  `{"table":"tasks","id":"${id}","data":{"title":{"value":"${value}","updatedAt":"2025-01-01T00:00:00.${ms}000000Z","clientId":"${BEN}"}}}\n`;

test('tabs share a store under a lock', async () => {
  const store = await openMemory();
  const locks = newLocks();
  const inTab = (act) =>
    locked('tasks', async () => {
      const replica = openReplica({ id: ANA, saved: await store.load() });
      const result = act(replica);
      await store.save(replica.takeSaves());
      return result;
    }, locks);

  const [first, second] = await Promise.all([inTab((r) => r.beginPull()), inTab((r) => r.beginPull())]);
  await Promise.all([...'abcdef'].map((id) => inTab((r) => r.edit('tasks', id, { title: id }))));
  await inTab((r) => r.pulled(second, `${line('x', 'new', '002')}{"cursor":"e.2","level":1}\n`));
  await inTab((r) => r.pulled(first, `${line('x', 'old', '001')}${line('y', 'old', '001')}{"cursor":"e.1","level":1}\n`));

  const replica = openReplica({ id: ANA, saved: await store.load() });
  assert.equal(replica.waiting, 6);
  assert.equal(new Set(replica.outbox().map((it) => JSON.parse(it).data.title.updatedAt)).size, 6, 'a stamp was used twice');
  assert.equal(replica.cursor, 'e.2');
  assert.equal(replica.shown('tasks', 'x').get('title').value, 'new');
  assert.equal(replica.shown('tasks', 'y').size, 0, 'an answer to an earlier cursor was applied');
  await assert.rejects(locked('tasks', () => {}, null), /no locks/);
});

test('the types have the members that the client has', async () => {
  const types = async (file) => readFile(new URL(`../${file}`, import.meta.url), 'utf8');
  const membersOf = (text, name) => {
    const body = new RegExp(`interface ${name} \\{\\n(.*?)\\n\\}`, 's').exec(text)[1];
    return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gm)].map((m) => m[1]).sort();
  };
  const replica = openReplica({ id: ANA });
  const text = await types('index.d.ts');
  assert.deepEqual(membersOf(text, 'Replica'), Object.keys(replica).sort());
  assert.deepEqual(membersOf(text, 'Pull'), Object.keys(replica.beginPull()).sort());
  assert.deepEqual([...text.matchAll(/^export (?:class|function) (\w+)/gm)].map((m) => m[1]).sort(), Object.keys(index).sort());
  assert.deepEqual(membersOf(await types('remote.d.ts'), 'Remote'), Object.keys(openRemote({ replica })).sort());
  const signal = AbortSignal.abort();
  assert.deepEqual(membersOf(await types('live.d.ts'), 'Live'), Object.keys(keepInSync({ remote: openRemote({ replica }), signal })).sort());
  assert.deepEqual(membersOf(await types('store/store.d.ts'), 'Store'), Object.keys(await openMemory()).sort());
});
