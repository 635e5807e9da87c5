// The rows of lost edits: what they say, and what stays out of the banners, the digests and the buckets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Element } from './fakes.mjs';

const { isShared } = await import('../static/buckets.js');
const { isLostEdit, lossOf } = await import('../static/lostrow.js');
const { Notices } = await import('../static/notices.js');

const ANA = { updatedAt: '2026-03-02T10:00:00.000000000Z', clientId: 'ana' };
const BEN = { updatedAt: '2026-03-02T10:01:00.000000000Z', clientId: 'ben' };
const row = (losing, more = {}) => ({
  id: 'r', data: {
    rule: { value: 'lost_edit' }, table: { value: 'tasks' }, recordId: { value: 't' }, field: { value: 'title' },
    loser: { value: ANA }, winner: { value: BEN }, losing, ...more,
  },
});

test('a row names both writes, and the other value only if it is kept', () => {
  const loss = lossOf(row({ value: 'Red' }));
  assert.deepEqual(loss, { id: 'r', table: 'tasks', record: 't', field: 'title', kept: false, losing: { ...ANA, value: 'Red', deleted: false }, winning: BEN });
  assert.equal(lossOf(row({ deleted: true })).losing.deleted, true);
  const kept = lossOf(row({ value: 'Red' }, { keep: { value: true }, winning: { value: 'Blue' } }));
  assert.deepEqual(kept.winning, { ...BEN, value: 'Blue', deleted: false });
});

test('only rows of lost edits among the violations count as such', () => {
  const fields = (rule) => new Map([['rule', { value: rule }]]);
  assert.equal(isLostEdit('violations', fields('lost_edit')), true);
  assert.equal(isLostEdit('violations', fields('scheduling_conflict')), false);
  assert.equal(isLostEdit('violations', new Map()), false);
  assert.equal(isLostEdit('tasks', fields('lost_edit')), false);
});

test('the buckets of one device are not buckets of its user', () => {
  assert.deepEqual(['', 'client/7f3c+', 'client/7f3c+project/private-a', 'project/private-a'].filter(isShared), ['', 'project/private-a']);
});

test('the fate of the closing of a row is not told; a refused dismissal is', () => {
  const box = new Element();
  const replica = Object.assign(new EventTarget(), { device: {}, losses: [], tables: { tasks: new Map() }, isErased: () => false, why: () => null });
  const notices = new Notices(replica, () => ({ name: 'Ben' }), box, {});
  const gone = (field) => ({ kind: 'refused', code: 'gone', table: 'violations', id: 'r', fields: [field], rolledBack: { [field]: { value: 'x' } } });
  notices.tell(gone('acknowledged'));
  notices.tell({ kind: 'edit_lost', table: 'violations', id: 'r', fields: ['acknowledged'], other: BEN });
  assert.deepEqual(box.children, []);
  notices.tell(gone('dismissed'));
  assert.match(box.children[0].textContent, /You chose to keep a conflict/);
});

test('the notice of an answer is not shown next to the row of the same edit', () => {
  const box = new Element();
  const task = { table: 'tasks', id: 't', data: { title: { value: 'Blue', ...BEN } }, waiting: [] };
  const replica = Object.assign(new EventTarget(), { device: { clientId: 'ana' }, losses: [], tables: { tasks: new Map([['t', task]]) }, isErased: () => false, why: () => null, serverNow: () => Date.now() });
  const notices = new Notices(replica, () => ({ name: 'Ben' }), box, {});
  const lost = { kind: 'edit_lost', table: 'tasks', id: 't', fields: ['title'], other: BEN };
  notices.tell(lost);
  assert.equal(box.children.length, 1, 'a server without such rows, or without room for them');
  replica.losses = [lossOf(row({ value: 'Red' }))];
  notices.tell({ ...lost, fields: ['due'] });
  notices.tell(lost);
  assert.equal(box.children.length, 2);
});
