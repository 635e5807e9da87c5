// What an item says that its author had pulled.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openReplica } from '../index.js';

const ANA = '01000000-0000-0000-0000-000000000000';
const BEN = '02000000-0000-0000-0000-000000000000';
const START = Date.parse('2026-03-02T14:02:00Z');
const trailer = (seq, members = `,"seen":{"epoch":"e","seq":${seq}}`) => `{"cursor":"e.${seq}","level":1${members}}\n`;

function device() {
  const d = { seconds: 0, disk: new Map() };
  d.open = (id = ANA) => {
    d.replica = openReplica({ id, wall: () => START + 1000 * ++d.seconds, saved: d.disk });
  };
  d.gets = (lines) => d.replica.pulled(d.replica.beginPull(), lines);
  d.edit = (id, fields) => d.replica.edit('tasks', id, fields);
  d.save = () => d.replica.takeSaves().forEach(([key, text]) => (text ? d.disk.set(key, text) : d.disk.delete(key)));
  d.seen = () => d.replica.outbox().map((text) => JSON.parse(text).seen);
  d.open();
  return d;
}

test('an item keeps what its author had pulled, through later pulls, a restart and new stamps', () => {
  const d = device();
  d.edit('a', { x: 1 });
  d.gets(trailer(7));
  d.edit('b', { x: 2 });
  d.gets(trailer(9));
  const want = [undefined, { epoch: 'e', seq: 7 }];
  assert.deepEqual(d.seen(), want);
  assert.ok(d.replica.outbox()[1].endsWith(',"seen":{"epoch":"e","seq":7}}'));

  d.save();
  d.open();
  d.edit('b', { y: 3 });
  want.push({ epoch: 'e', seq: 9 });
  assert.deepEqual(d.seen(), want);

  d.save();
  d.open(BEN); // all items are restamped
  d.edit('c', { x: 4 });
  assert.deepEqual(d.seen(), [...want, undefined]);
  assert.ok(d.replica.outbox().every((text) => text.includes(BEN) && !text.includes(ANA)));
});

test('a later edit of the same field says what its own author had pulled', () => {
  const d = device();
  d.gets(trailer(7));
  d.edit('a', { x: 1 });
  d.gets(trailer(9));
  d.edit('a', { x: 2 });
  assert.deepEqual(d.seen(), [{ epoch: 'e', seq: 9 }]);
});

test('a creation that is restamped above the fence keeps what its author had pulled', () => {
  const d = device();
  d.gets(trailer(7));
  d.edit('a', { x: 1 });
  const [before] = d.replica.outbox();
  d.gets(trailer(9, `,"fence":"2026-03-02T14:30:00.000000000Z","seen":{"epoch":"e","seq":9}`).replace('"level":1', '"level":2'));
  const [after] = d.replica.outbox();
  assert.notEqual(JSON.parse(after).data.x.updatedAt, JSON.parse(before).data.x.updatedAt);
  assert.deepEqual(d.seen(), [{ epoch: 'e', seq: 7 }]);
});

test('while more follows, and after a server that does not tell, items do not say it', () => {
  for (const more of ['', ',"more":true', ',"seen":null']) {
    const d = device();
    d.gets(trailer(7));
    d.gets(trailer(9, more));
    d.edit('a', { x: 1 });
    assert.deepEqual(d.seen(), [undefined], more);
  }
});

test('an invalid one is a faulty answer, because the server would refuse the items', () => {
  const d = device();
  for (const seen of ['{"epoch":"e"}', '{"epoch":"","seq":1}', '{"epoch":"e","seq":-1}', '{"epoch":"e","seq":1.5}', '{"epoch":"\\ud800","seq":1}', '7']) {
    assert.throws(() => d.gets(trailer(9, `,"seen":${seen}`)), { name: 'FieldlwwError' }, seen);
    assert.equal(d.replica.cursor, '');
  }
});
