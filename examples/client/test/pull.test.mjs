// What pulls leave in a Replica, and in its storage.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Integer, openReplica } from '../index.js';

const at = (n) => `2026-03-0${n}T10:00:00.000000000Z`;
const ANA = '01000000-0000-0000-0000-000000000000';
const BEN = '02000000-0000-0000-0000-000000000000';

function pull(replica, ...rows) {
  const line = ([table, id, client, day, value, within = '']) =>
    `{${within}"table":"${table}","id":"${id}","data":{"title":{"value":${value},"updatedAt":"${at(day)}","clientId":"${client}"}}}\n`;
  replica.pulled(replica.beginPull(), `${rows.map(line).join('')}{"cursor":"e.${rows[0][3]}","level":1}\n`);
}

test('each record has its own reasons, also after they were read', () => {
  const replica = openReplica({ id: ANA });
  pull(replica, ['tasks', 'a', ANA, 1, '"x"'], ['tasks', 'b', ANA, 1, '"x"']);
  pull(replica, ['tasks', 'a', BEN, 2, '"y"']);
  for (const r of [replica, openReplica({ id: ANA, saved: [...replica.takeSaves()] })]) {
    assert.equal(r.why('tasks', 'a', 'title').winner.value, 'y');
    assert.equal(r.why('tasks', 'b', 'title'), null);
  }
});

test('a record that was saved keeps all digits of its numbers', () => {
  const replica = openReplica({ id: ANA });
  pull(replica, ['tasks', 'a', BEN, 1, '[9223372036854775807]'], ['tasks', 'b', BEN, 1, '"9223372036854775807"'], ['tasks', 'c', BEN, 1, '9.007199254740993e15', '"in":["x"],']);
  const saved = openReplica({ id: ANA, saved: [...replica.takeSaves()] });
  for (const r of [replica, saved]) {
    assert.deepEqual(r.shown('tasks', 'a').get('title').value, [new Integer('9223372036854775807')]);
    assert.equal(r.shown('tasks', 'b').get('title').value, '9223372036854775807');
    assert.deepEqual(r.shown('tasks', 'c').get('title').value, new Integer('9007199254740993'));
  }
});

test('records of one chunk may be in different buckets', () => {
  const replica = openReplica({ id: ANA });
  pull(replica, ['tasks', 'a', BEN, 1, '1', '"in":["x"],'], ['tasks', 'b', BEN, 1, '1', '"in":["y"],'], ['tasks', 'c', BEN, 1, '1']);
  const saved = new Map(replica.takeSaves());
  const lists = ['a', 'b', 'c'].map((id) => JSON.parse(saved.get(`record/tasks\0${id}`)).in);
  assert.deepEqual(lists, [['x'], ['y'], undefined]);
});

test('the reasons of fields with the names of methods are saved again', () => {
  const line = (day, client) => `{"table":"tasks","id":"a","data":{"title":{"value":${day},"updatedAt":"${at(day)}","clientId":"${client}"},"toString":{"value":1,"updatedAt":"${at(Math.min(day, 2))}","clientId":"${client}"}}}\n{"cursor":"e.${day}"}\n`;
  const saved = new Map();
  for (const [day, client] of [[1, ANA], [2, BEN], [3, BEN]]) {
    const replica = openReplica({ id: ANA, saved });
    replica.pulled(replica.beginPull(), line(day, client));
    for (const [key, text] of replica.takeSaves()) saved.set(key, text);
  }
  assert.equal(openReplica({ id: ANA, saved }).why('tasks', 'a', 'toString').winner.clientId, BEN);
});
