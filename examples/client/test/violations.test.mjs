// Rows of violations, read as the library reads them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openReplica } from '../index.js';
import { openViolations } from '../violations.js';

const AT = '2026-11-22T16:00:00.000000000Z';
const CLIENT = '55555555-5555-4555-8555-555555555555';
const NOW = Date.parse('2026-11-22T17:00:00Z');
const ROW = {
  type: 'scheduling_conflict', rule: 'rooms', scope: 'rooms/Room A/2026-11', table: 'meetings', recordId: 'm1', conflictingTable: 'meetings',
  conflictingRecords: ['m2'], description: 'Two meetings in Room A', total: 1, detectedAt: AT, evidence: 'e1', status: 'open',
};

/** found returns the open violations of a Replica that has pulled a row with some other fields. */
function found(more) {
  const replica = openReplica({ wall: () => NOW });
  const fields = Object.entries({ ...ROW, ...more }).filter(([, value]) => value !== undefined);
  const data = Object.fromEntries(fields.map(([name, value]) => [name, { value, updatedAt: AT, clientId: CLIENT }]));
  const lines = [{ seq: 1, table: 'violations', id: 'v', data }, { cursor: 'e.1' }];
  replica.pulled(replica.beginPull(), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return openViolations(replica);
}

test('a row has all members', () => {
  assert.deepEqual(found({ relevantUntil: '2026-11-23T00:00:00Z', buckets: ['a'], note: 'we know' }), [{
    ...ROW, id: 'v', scope: 'Room A/2026-11', conflictingTotal: 0, buckets: ['a'], relevantUntil: '2026-11-23T00:00:00.000000000Z',
    acknowledged: false, dismissed: false, note: 'we know',
  }]);
});

const seen = (more) => found(more).length;

test('only open rows that still matter are returned', () => {
  assert.deepEqual([{ status: 'resolved' }, { status: 'hidden' }, { relevantUntil: '2026-11-22T17:00:00Z' }, { relevantUntil: '2026-11-22T17:00:01Z' }].map(seen), [0, 0, 0, 1]);
});

test('a dismissal ends when the evidence changes', () => {
  assert.deepEqual(['e1', 'e0', true].map((dismissed) => found({ dismissed })[0].dismissed), [true, false, false]);
  assert.equal(found({ evidence: '', dismissed: '' })[0].dismissed, false);
});

test('a lost edit that somebody has seen is resolved', () => {
  assert.deepEqual([{ acknowledged: true }, { dismissed: 'e1' }, { acknowledged: 'yes' }].map((more) => seen({ ...more, rule: 'lost_edit' })), [0, 0, 1]);
  assert.equal(seen({ acknowledged: true }), 1);
});

test('what is not a row is left out', () => {
  const wrong = [{ rule: undefined }, { status: undefined }, { detectedAt: undefined }, { detectedAt: 'now' }, { relevantUntil: 'never' }, { conflictingRecords: 'm2' }, { buckets: [1] }];
  assert.deepEqual(wrong.map(seen), wrong.map(() => 0));
  assert.deepEqual([{ total: 'many' }, { description: 7 }].map(seen), [1, 1]);
});
