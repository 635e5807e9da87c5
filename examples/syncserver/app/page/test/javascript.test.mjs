// The client in JavaScript as a program of the page.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newId } from '../static/id.js';
import { javascript } from '../static/javascript.js';
import { waits } from '../static/saved.js';

const ME = '01000000-0000-0000-0000-000000000000';
const OTHER = '02000000-0000-0000-0000-000000000000';
const NONE = '0'.repeat(64);

const at = (before) => new Date(Date.now() - before).toISOString().replace('Z', '000000Z');
const AT = at(60_000);
const line = (table, id, data) => ({ table, id, data: Object.fromEntries(Object.entries(data).map(([name, value]) => [name, { value, updatedAt: AT, clientId: OTHER }])) });

/** opened returns a program that has pulled some lines. */
function opened(...lines) {
  const program = javascript();
  program.open(ME, []);
  program.beginPull();
  program.pulled(lines.concat({ cursor: 'e.1' }).map((each) => `${JSON.stringify(each)}\n`).join(''));
  return program;
}

test('IDs are UUIDs of version 7, and later ones are greater', () => {
  const ids = [0, 1, 0xffff, 0x10000, Date.UTC(2026, 0), Date.UTC(2027, 0)].map(newId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([...ids].sort(), ids);
  assert.ok(newId(Date.UTC(2026, 0)).startsWith(Date.UTC(2026, 0).toString(16).padStart(12, '0').replace(/^.{8}/, '$&-')));
  assert.notEqual(newId(0), newId(0));
});

test('an edit is shown with what waits and what it replaced, and null deletes a field', () => {
  const program = opened(line('tasks', 'a', { title: 'Red', due: '2026-03-02' }));
  program.take();
  program.edit('tasks', 'a', { title: 'Blue', due: null }, {});
  const { changed: [view], tables, waiting, saves, cursor } = program.take();
  assert.deepEqual([view.data.title.value, view.data.due.deleted, view.deleted, view.waiting, view.replaced], ['Blue', true, false, ['due', 'title'], []]);
  assert.deepEqual([tables, waiting, cursor, saves.filter(([key]) => key.startsWith('outbox/')).length], [['tasks'], 1, 'e.1', 1]);
  assert.equal(program.waiting()[0].data.title.value, 'Blue');
  program.batch(10, 10_000);
  program.answer('[{"verdict":"accepted"}]');
  const [{ replaced, won }] = program.take().changed;
  assert.deepEqual([replaced.sort(), won], [['due', 'title'], []]);
  const why = program.why('tasks', 'a', 'title');
  assert.deepEqual([why.winner.value, why.loser.value, why.step, why.unknown, why.seen], ['Blue', 'Red', 'time', false, true]);
  assert.equal(program.why('tasks', 'a', 'status'), null);
});

test('a write won if its author had not seen the one that it replaced', () => {
  const program = opened(line('tasks', 'a', { title: 'Red' }));
  program.edit('tasks', 'a', { title: 'Blue' }, { title: { value: 'Green', updatedAt: at(90_000), clientId: OTHER } });
  program.batch(10, 10_000);
  const loser = { updatedAt: AT, clientId: OTHER };
  program.answer(JSON.stringify([{ verdict: 'accepted', fields: { title: { outcome: 'applied', lost: true, loser } } }]));
  const [{ replaced, won }] = program.take().changed;
  assert.deepEqual([replaced, won, program.why('tasks', 'a', 'title').seen], [['title'], ['title'], false]);
});

test('a write over an equal value replaces nothing', () => {
  const program = opened(line('tasks', 'a', { title: 'Red' }));
  program.edit('tasks', 'a', { title: 'Red' }, {});
  program.batch(10, 10_000);
  program.answer('[{"verdict":"accepted"}]');
  assert.deepEqual(program.take().changed[0].replaced, []);
});

test('the log of a client has its edits without values, and ends when another client opens the program', () => {
  const program = opened(line('tasks', 'a', { title: 'Red' }));
  program.edit('tasks', 'a', { title: 'private' }, {});
  program.take();
  assert.deepEqual(program.log().trim().split('\n').map((text) => JSON.parse(text).event), [undefined, 'opened', 'received', 'edited', 'shown']);
  assert.ok(!program.log().includes('private') && program.log().includes(ME));
  program.open(ME, []);
  assert.ok(program.log().includes('edited'));
  program.close();
  program.open(OTHER, []);
  assert.ok(!program.log().includes(ME) && !program.log().includes('edited'));
});

test('each bucket has a digest, which follows records that move', () => {
  const program = opened(line('tasks', 'a', { project: 'private-garden' }), line('tasks', 'b', { title: 'x' }), line('projects', 'private-garden', { name: 'g' }));
  const own = () => [program.digest(''), program.digest('project/private-garden')];
  const [all, garden] = own();
  assert.equal(new Set([all, garden, NONE]).size, 3);
  assert.equal(program.digest('project/private-shed'), NONE);
  program.edit('tasks', 'a', { project: null }, {});
  program.take();
  const moved = own();
  assert.ok(moved[0] !== all && moved[1] !== garden);
  assert.deepEqual(moved, ((fresh) => {
    fresh.open(ME, entriesOf(program));
    return [fresh.digest(''), fresh.digest('project/private-garden')];
  })(javascript()));
});

/** entriesOf returns what a program has saved since a pull, by pulling everything again from its records. */
function entriesOf(program) {
  const again = javascript();
  again.open(ME, []);
  again.beginPull();
  const views = [...program.records().map(({ table, id, data }) => ({ table, id, data })), { cursor: 'e.2' }];
  again.pulled(views.map((each) => `${JSON.stringify(each)}\n`).join(''));
  return again.take().saves;
}

test('a closed program holds nothing and cannot edit', () => {
  const program = opened(line('tasks', 'a', { title: 'Red' }));
  program.close();
  assert.deepEqual([program.records(), program.waiting(), program.digest('')], [[], [], NONE]);
  assert.throws(() => program.edit('tasks', 'a', { title: 'x' }, {}), { name: 'FieldlwwError', reason: 'client' });
});

test('the clock of the device may be off', () => {
  const program = opened();
  const hour = 3_600_000;
  program.setSkew(hour);
  program.edit('tasks', 'a', { title: 'x' }, {});
  const { updatedAt } = program.take().changed[0].data.title;
  assert.ok(Math.abs(Date.parse(updatedAt) - Date.now() - hour) < 60_000);
});

test('what a reset has set aside waits only once the server was restored', () => {
  const program = opened();
  program.edit('tasks', 'a', { title: '{"a":1,"tentative":true}' }, {});
  const saved = () => program.take().saves.filter(([, value]) => value !== '').map((entry) => [entry[0].split('/')[0], waits(entry)]).filter(([kind]) => !['state', 'why'].includes(kind));
  assert.deepEqual(saved(), [['outbox', true]]);
  program.batch(10, 10_000);
  program.answer('[{"verdict":"accepted"}]');
  assert.deepEqual(saved(), [['accepted', false]]);
  for (const [why, isWaiting] of [['fence', false], ['epoch', true]]) {
    program.beginPull();
    program.pulled(`${JSON.stringify({ reset: [''], why })}\n${JSON.stringify({ cursor: `${why}.1`, level: 1, more: true })}\n`);
    assert.deepEqual(saved(), [['again', isWaiting]]);
  }
});
