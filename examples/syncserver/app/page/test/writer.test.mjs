// The writer says that everything is on disk only if nothing else is on its way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OWN } from '../static/saved.js';
import { Writer } from '../static/writer.js';

/** disk returns a writer, what it tells, and the ends of its transactions. */
function disk() {
  const told = [];
  const ends = [];
  const storage = { save: () => new Promise((resolve) => ends.push(resolve)) };
  return { writer: new Writer(storage, (type) => told.push(type)), told, ends };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('saved is told once all edits are on disk, and not after an earlier one', async () => {
  const { writer, told, ends } = disk();
  writer.save([['outbox/1', 'edit']]);
  writer.save([[OWN, 'device']]);
  ends[0]();
  await settle();
  assert.deepEqual([told, writer.unsaved], [['saving', 'saving'], true]);
  ends[1]();
  await settle();
  assert.deepEqual([told, writer.unsaved], [['saving', 'saving', 'saved'], false]);
});

test('saved is not told while pulled data waits to be written', async () => {
  const { writer, told, ends } = disk();
  writer.save([['outbox/1', 'edit']]);
  writer.save([['record/1', 'pulled']]);
  ends[0]();
  await settle();
  assert.deepEqual(told, ['saving', 'saving']);
  const saved = writer.saved();
  ends[1]();
  await saved;
  assert.deepEqual(told, ['saving', 'saving', 'saved']);
});

test('without entries there is nothing to save', () => {
  const { writer, told } = disk();
  writer.save([]);
  assert.deepEqual(told, []);
});
