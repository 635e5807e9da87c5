// Sets and counters, whose fields are joined by the time of their writes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { added, addition, changed, elementsOf, removed, reset, sumOf } from '../fields.js';
import { Integer } from '../src/value.js';

// written returns data after an edit at a time: the later write of a field wins.
function written(data, time, fields) {
  const next = new Map(data);
  for (const [name, value] of Object.entries(fields)) {
    if (next.has(name) && next.get(name).updatedAt > time) continue;
    next.set(name, value === undefined ? { deleted: true, updatedAt: time } : { value, updatedAt: time });
  }
  return next;
}
const joined = (a, b) => [...b].reduce((data, [name, w]) => written(data, w.updatedAt, { [name]: w.deleted ? undefined : w.value }), a);
const NONE = new Map();
const idOf = (i) => String(i).padStart(16, '0');

test('additions at the same time all count, and a reset cancels what its author saw', () => {
  const hers = written(NONE, 1, addition(NONE, 'qty', { id: idOf(1), n: 2 }));
  const his = written(NONE, 1, addition(NONE, 'qty', { id: idOf(2), n: -5 }));
  assert.equal(sumOf(joined(hers, his), 'qty'), -3);
  assert.equal(sumOf(joined(joined(hers, his), his), 'qty'), -3);
  const zeroed = written(hers, 2, reset(hers, 'qty'));
  assert.equal(sumOf(zeroed, 'qty'), 0);
  assert.equal(sumOf(joined(zeroed, his), 'qty'), -5);
  assert.equal(sumOf(joined(his, zeroed), 'qty'), -5);
});

test('sums are exact within 64 bits', () => {
  const most = written(NONE, 1, addition(NONE, 'qty', { id: idOf(1), n: new Integer('9223372036854775807') }));
  assert.equal(String(sumOf(most, 'qty')), '9223372036854775807');
  assert.throws(() => addition(most, 'qty', { id: idOf(2), n: 1 }), { reason: 'overflow' });
  assert.equal(String(sumOf(written(most, 2, addition(most, 'qty', { id: idOf(2), n: -1 })), 'qty')), '9223372036854775806');
  const over = written(most, 2, addition(NONE, 'qty', { id: idOf(3), n: 1 }));
  assert.throws(() => sumOf(over, 'qty'), { reason: 'overflow' });
});

test('what does not fit a counter is refused', () => {
  let data = NONE;
  for (let i = 0; i < 1000; i++) data = written(data, 1, addition(NONE, 'qty', { id: idOf(i), n: 1 }));
  assert.throws(() => addition(data, 'qty', { id: idOf(1000), n: 1 }), { reason: 'full', path: 'qty' });
  assert.equal(Object.keys(addition(data, 'qty', { id: idOf(1000), n: 1, most: 2000 })).length, 1);
  assert.equal(Object.keys(reset(data, 'qty')).length, 1000);
  assert.throws(() => addition(NONE, 'qty', { id: 'short', n: 1 }), { reason: 'id' });
  assert.throws(() => addition(NONE, 'qty', { id: idOf(1), n: 1.5 }), { reason: 'type' });
  assert.throws(() => addition(data, 'qty', { id: idOf(1), n: 1, most: 2000 }), { reason: 'id' });
  assert.equal(Object.keys(addition(NONE, 'qty', { id: 'éééééééé', n: 1, most: 0 })).length, 1);
  const broken = written(NONE, 1, { 'qty/x': 'two', 'tags/y': 1, qtyother: 3 });
  assert.throws(() => sumOf(broken, 'qty'), { reason: 'type', path: 'qty/x' });
  assert.throws(() => elementsOf(broken, 'tags'), { reason: 'type', path: 'tags/y' });
  assert.deepEqual(reset(broken, 'qty'), { 'qty/x': undefined });
  for (const name of ['', 'a/b', '$deleted', 7]) {
    for (const act of [() => sumOf(NONE, name), () => reset(NONE, name), () => addition(NONE, name, { id: idOf(1), n: 1 }), () => elementsOf(NONE, name), () => added(name, 'x'), () => removed(name, 'x'), () => changed(NONE, name, [])]) {
      assert.throws(act, { name: 'FieldlwwError', reason: 'name' });
    }
  }
});

test('a set writes the difference, and the later write decides on an element', () => {
  const data = written(NONE, 1, { ...added('tags', 'b', 'c/d', 'é'), other: 1 });
  assert.deepEqual(elementsOf(data, 'tags'), ['b', 'c/d', 'é']);
  const fields = changed(data, 'tags', ['a', 'é', 'b', 'a']);
  assert.deepEqual(fields, { 'tags/a': true, 'tags/c/d': undefined });
  assert.deepEqual(elementsOf(written(data, 2, fields), 'tags'), ['a', 'b', 'é']);
  assert.deepEqual(changed(data, 'tags', ['é', 'c/d', 'b']), {});
  assert.deepEqual(elementsOf(joined(written(data, 2, removed('tags', 'b')), written(data, 3, added('tags', 'b'))), 'tags'), ['b', 'c/d', 'é']);
  assert.deepEqual(elementsOf(joined(written(data, 4, removed('tags', 'b')), written(data, 3, added('tags', 'b'))), 'tags'), ['c/d', 'é']);
});
