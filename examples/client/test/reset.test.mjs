// Resets.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openReplica } from '../index.js';

const ANA = '01000000-0000-0000-0000-000000000000';
const BEN = '02000000-0000-0000-0000-000000000000';
const START = Date.parse('2026-03-02T14:02:00Z');
const at = (seconds) => `${new Date(START + seconds * 1000).toISOString().slice(0, -1)}000000Z`;
const line = (value, seconds) => `{"table":"tasks","id":"a","data":{"x":{"value":${value},"updatedAt":"${at(seconds)}","clientId":"${BEN}"}}}\n`;
const trailer = (members) => `{"cursor":"e.9",${members}}\n`;

test('a write that a reset forgets is not repaired, so the edit that is based on it keeps its base', () => {
  for (const [brought, shown] of [['', undefined], [line(2, 2), 3]]) {
    let seconds = 1;
    const replica = openReplica({ id: ANA, wall: () => START + seconds * 1000 });
    const gets = (lines) => replica.pulled(replica.beginPull(), lines);
    replica.edit('tasks', 'a', { x: 1 });
    gets(line(2, 2) + trailer('"level":1'));
    replica.batch();
    replica.answer('[{"verdict":"accepted"}]'); // it has lost against the write of Ben
    seconds = 4;
    replica.edit('tasks', 'a', { x: 3 });
    gets(`{"reset":[""],"why":"fence"}\n${trailer(`"more":true,"fence":"${at(2)}","level":2`)}`);
    gets(brought + trailer(`"fence":"${at(2)}","level":2`));
    assert.deepEqual(JSON.parse(replica.batch().text).base, { x: { updatedAt: at(2), clientId: BEN } });
    assert.equal(replica.shown('tasks', 'a').get('x')?.value, shown);
  }
});

test('a write that is sent again is kept when its field is edited, and is the base of that edit', () => {
  let seconds = 1;
  const replica = openReplica({ id: ANA, wall: () => START + seconds * 1000 });
  const gets = (lines) => replica.pulled(replica.beginPull(), lines);
  gets(trailer('"level":1'));
  replica.edit('tasks', 'a', { x: 1 });
  replica.batch();
  replica.answer('[{"verdict":"accepted"}]');
  seconds = 2;
  replica.edit('tasks', 'a', { x: 2 });
  gets(`{"reset":[""],"why":"epoch"}\n{"cursor":"f.9","level":1}\n`);
  const batch = () => replica.batch().text.split('\n').filter(Boolean).map((each) => JSON.parse(each));
  assert.deepEqual(batch().map((it) => it.data.x.value), [1, 2]);
  const later = '{"verdict":"refused","code":"server_clock","retryable":true}';
  replica.answer(`[${later},${later}]`);
  assert.deepEqual(batch().map((it) => [it.data.x.value, it.base?.x]), [[1, undefined], [2, { updatedAt: at(1), clientId: ANA }]]);
});
