// The log of a client.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openReplica } from '../index.js';
import { openLog, withLog } from '../log.js';
import { open } from '../store/memory.js';
import { openTab } from '../tabs.js';

const ANA = '01000000-0000-0000-0000-000000000000';
const BEN = '02000000-0000-0000-0000-000000000000';
const START = Date.parse('2026-03-02T14:02:00Z');
const at = (seconds) => `${new Date(START + seconds * 1000).toISOString().slice(0, -1)}000000Z`;
const line = (value, seconds) => `{"table":"tasks","id":"a","data":{"x":{"value":"${value}","updatedAt":"${at(seconds)}","clientId":"${BEN}"}}}\n`;
const trailer = (seq) => `{"cursor":"e.${seq}","level":1,"seen":{"epoch":"e","seq":${seq}}}\n`;

function device(log, seconds = { now: 0 }) {
  const replica = withLog(openReplica({ id: ANA, wall: () => START + 1000 * seconds.now }), log);
  return { replica, seconds, gets: (lines) => replica.pulled(replica.beginPull(), lines) };
}

const events = (log) => log.text().trim().split('\n').map((text) => JSON.parse(text)).slice(1);

// short returns an event in a few words: the seconds, the kind, and the records with their fields.
function short(e) {
  const seconds = (stamp) => (Date.parse(stamp.updatedAt.slice(0, 23) + 'Z') - START) / 1000;
  const record = (r) => [r.id + (r.stamp ? `@${seconds(r.stamp)}` : '') + (r.was ? ` was @${seconds(r.was)}` : ''), ...r.fields.map((f) => f.field + (f.outcome ? `=${f.outcome}` : ''))].join(' ');
  return [(Date.parse(e.at) - START) / 1000, e.event, e.why, e.code, e.seen && `#${e.seen.seq}`, ...(e.records || []).map(record)].filter((part) => part !== undefined).join(' ');
}

test('the row of a lost edit has no values, because they are values of another field', () => {
  const log = openLog({ values: (_, field) => field !== 'notes' });
  const fields = ['losing', 'winning', 'status', 'notes'].map((field) => ({ field, value: 'private' }));
  for (const table of ['violations', 'tasks']) log.add({ event: 'shown', records: [{ table, id: '1', fields }] });
  const kept = events(log).map(({ records: [r] }) => r.fields.filter(({ value }) => value).map(({ field }) => field));
  assert.deepEqual(kept, [['status'], ['losing', 'winning', 'status']]);
});

test('an event with large values loses them, because replay reads lines of 1 MiB', () => {
  const log = openLog({ most: 1 << 24, values: () => true });
  for (const value of ['short', 'é'.repeat(300_000)]) {
    log.add({ event: 'edited', records: [{ table: 't', id: '1', fields: [{ field: 'a', value }, { field: '$deleted', value: true }] }] });
  }
  const [first, second] = events(log).map(({ records: [{ fields }] }) => fields);
  assert.deepEqual(first, [{ field: 'a', value: 'short' }, { field: '$deleted', value: true }]);
  assert.deepEqual(second, [{ field: 'a' }, { field: '$deleted', value: true }]);
});

test('a log holds what a replica did', () => {
  const log = openLog();
  const { replica, seconds, gets } = device(log);
  gets(line('private', -5) + trailer(7));
  replica.takeChanged();
  seconds.now = 1;
  replica.edit('tasks', 'a', { x: 'private' });
  replica.edit('tasks', 'b', { y: 'private' });
  replica.batch();
  const lost = `{"outcome":"applied","lost":true,"loser":{"updatedAt":"${at(0)}","clientId":"${BEN}","value":"private"}}`;
  replica.answer(`[{"verdict":"accepted","fields":{"x":${lost}}},{"verdict":"refused","code":"forbidden","retryable":false}]`);
  replica.takeChanged();
  replica.takeNotices();
  replica.pulled({ cursor: 'other' }, trailer(9));
  gets(`{"reset":[""],"why":"fence"}\n${trailer(12)}`);
  assert.deepEqual(events(log).map(short), [
    '0 opened',
    '0 received #7 a x',
    '0 shown a x',
    '1 edited #7 a@1 x',
    '1 edited #7 b@1 y',
    '1 sent a@1 x b@1 y',
    '1 answered a@1 x=applied b@1 y',
    '1 dropped forbidden b@1 y',
    '1 shown a x',
    '1 told edit_replaced lost_edit a x',
    '1 told refused forbidden b y',
    '1 discarded',
    '1 received fence #12',
  ]);
  assert.ok(!log.text().includes('private'));
  assert.equal(JSON.parse(log.text().split('\n')[0]).client, ANA);
  const [edited] = events(log).filter((e) => e.event === 'edited');
  assert.deepEqual(edited.records[0].fields[0].base, { updatedAt: at(-5), clientId: BEN });
});

test('a restamped edit has its former stamp, and its time is corrected', () => {
  const log = openLog();
  const { replica, seconds } = device(log);
  seconds.now = 3600;
  replica.edit('tasks', 'a', { x: 1 });
  replica.edit('tasks', 'b', { x: 1 });
  replica.serverTime(at(0), 0);
  replica.takeNotices();
  assert.deepEqual(events(log).slice(3).map(short), ['0 restamped a@0 was @3600', '0 restamped b@0 was @3600', '0 told clock_corrected']);
  assert.equal(events(log).pop().offset, -3600e9);
});

test('an edit that a later one replaces before it is sent is dropped', () => {
  const log = openLog();
  const { replica, seconds } = device(log);
  replica.edit('tasks', 'a', { x: 1 });
  replica.edit('tasks', 'b', { x: 1, y: 1 });
  seconds.now = 1;
  replica.edit('tasks', 'b', { y: 2 });
  replica.edit('tasks', 'a', { x: 2 });
  seconds.now = 2;
  replica.edit('tasks', 'b', { x: 3 });
  assert.deepEqual(events(log).map(short), [
    '0 opened', '0 edited a@0 x', '0 edited b@0 x y', '1 edited b@1 y',
    '1 edited a@1 x', '1 dropped replaced a@0 x', '2 edited b@2 x', '2 dropped replaced b@0 x y',
  ]);
});

test('values are kept on request only, by table and field', () => {
  const log = openLog({ values: (table, field) => table === 'tasks' && field === 'x' });
  const { replica } = device(log);
  replica.edit('tasks', 'a', { x: 'kept', y: 'private' });
  replica.edit('users', 'a', { x: 'private' });
  replica.edit('users', 'a', { $deleted: true });
  assert.ok(!log.text().includes('private') && log.text().includes('"value":"kept"'));
  assert.equal(events(log).pop().records[0].fields[0].value, true);
});

test('a log is bounded, and says how many events it has dropped', () => {
  const log = openLog({ most: 3000 });
  const { replica } = device(log);
  for (let i = 0; i < 100; i++) replica.edit('tasks', String(i), { x: 1 });
  assert.ok(log.text().length < 3300);
  assert.equal(JSON.parse(log.text().split('\n')[0]).dropped + events(log).length, 101);
  const many = openLog();
  const names = Array.from({ length: 150 }, (_, i) => `f${i}`);
  device(many).replica.edit('tasks', 'a', Object.fromEntries(names.map((name) => [name, 1])));
  const [, edited] = events(many);
  assert.deepEqual([edited.records[0].fields.length, edited.leftOut], [100, 50]);
});

test('a tab keeps a log of all Replicas that it opens', async () => {
  const log = openLog();
  const locks = { request: (name, act) => act() };
  const channel = { postMessage: () => {}, close: () => {} };
  const tab = openTab({ name: 'tasks', store: await open(), id: ANA, locks, channel, wrap: (replica) => withLog(replica, log) });
  await tab.act((replica) => replica.edit('tasks', 'a', { x: 1 }));
  await assert.rejects(tab.act(() => Promise.reject(new Error('no')))); // the next act opens it again
  await tab.act((replica) => replica.edit('tasks', 'b', { x: 1 }));
  assert.deepEqual(events(log).map((e) => e.event), ['opened', 'edited', 'shown', 'opened', 'edited', 'shown']);
});

test('a large chunk is only said to have come', () => {
  const log = openLog();
  const { gets, replica } = device(log);
  gets(line('x'.repeat(70_000), -5) + trailer(7));
  assert.equal(replica.shown('tasks', 'a').get('x').value.length, 70_000);
  assert.deepEqual(events(log).slice(1).map((e) => [short(e), e.leftOut > 0]), [['0 received #7', true]]);
});

test('an answer or a chunk that the replica refuses changes neither', () => {
  const log = openLog();
  const { replica, gets } = device(log);
  replica.edit('tasks', 'a', { x: 1 });
  replica.batch();
  const before = log.text();
  assert.throws(() => replica.answer('[]'));
  assert.throws(() => gets('{"table":5}\n' + trailer(7)));
  assert.equal(log.text(), before);
  assert.equal(replica.waiting, 1);
});
