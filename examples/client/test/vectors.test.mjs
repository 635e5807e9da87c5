// The conformance vectors of the library, against the code of the client.
//
// A client reads what a server has judged. JSON.parse keeps the last of two members with one name, rounds a tiny number to
// zero, and has no limit for digits, so the cases that are refused for these reasons do not apply. Unknown
// members are skipped unread. Writes on the last day of the range are read: a server may have issued them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { compareText, isName } from '../src/text.js';
import { parseClient, parseTime } from '../src/time.js';
import { canonical, checkValue, parse } from '../src/value.js';
import { decide, encodeWrite, readWrite, reader } from '../src/write.js';
import { encodeRecord, isDeleted, joined, purged, readRecord } from '../src/record.js';

const NOT_READ = ['duplicate', 'limit', 'number'];

function textOf(text) {
  if (typeof text === 'string') return text;
  if (Array.isArray(text)) return text.map(textOf).join('');
  if (text.repeat) return text.repeat[0].repeat(text.repeat[1]);
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text.hex, 'hex'));
}

function canonicalOf(text) {
  const value = parse(textOf(text));
  checkValue(value);
  return canonical(value);
}
const writeOf = (text) => readWrite(parse(textOf(text)), reader());
const recordOf = (text) => readRecord(parse(textOf(text)));

/** is returns a check of cases that are read and written again, or refused. */
const is = (read, want) => (c) => {
  if (c.refused) return NOT_READ.includes(c.refused) || c.name.includes('member') || c.name === 'time in the last day of the range' || assert.throws(() => read(c.in), undefined, c.name);
  assert.equal(read(c.in), textOf(c[want]), c.name);
  assert.equal(read(c[want]), textOf(c[want]), c.name);
};

const ascends = (compare) => ({ ascending }) => ascending.forEach((a, i) => ascending.forEach((b, j) => assert.equal(Math.sign(compare(a, b)), Math.sign(i - j))));

function joins({ name, a, b, want }) {
  const [x, y] = [recordOf(a), recordOf(b)];
  for (const record of [joined(x, y), joined(y, x), joined(joined(x, y), x)]) assert.equal(encodeRecord(record), textOf(want), name);
}

const value = is(canonicalOf, 'canonical');
const stamped = (updatedAt, clientId) => ({ deleted: true, updatedAt, clientId });
const CLIENT = '55555555-5555-4555-8555-555555555555';
const TIME = '2026-11-22T16:57:17.123000000Z';

const SECTIONS = {
  'stamps.json': {
    times: is((text) => parseTime(textOf(text)), 'text'),
    timeOrder: ascends((a, b) => decide(stamped(parseTime(a), CLIENT), stamped(parseTime(b), CLIENT)).order),
    clients: is((text) => parseClient(textOf(text)), 'text'),
    clientOrder: ascends((a, b) => decide(stamped(TIME, parseClient(a)), stamped(TIME, parseClient(b))).order),
  },
  'values.json': {
    numbers: value, strings: value, composites: value, documents: value,
    order: ascends((a, b) => compareText(canonicalOf(a), canonicalOf(b))),
    equal: ({ same }) => assert.equal(new Set(same.map(canonicalOf)).size, 1),
    different: ({ values }) => assert.equal(new Set(values.map(canonicalOf)).size, values.length),
  },
  'ties.json': {
    ties({ name, a, b, winner, step }) {
      const d = decide(writeOf(a), writeOf(b));
      assert.deepEqual([d.step, Math.sign(d.order)], [step, { a: 1, b: -1, both: 0 }[winner]], name);
      assert.deepEqual(Math.sign(decide(writeOf(b), writeOf(a)).order), 0 - Math.sign(d.order), name);
    },
  },
  'kinds.json': { fields: is((text) => encodeWrite(writeOf(text)), 'canonical') },
  'deleted.json': {
    joins(c) {
      joins(c);
      assert.equal(isDeleted(recordOf(c.want)), c.deleted, c.name);
    },
    records: is((text) => encodeRecord(recordOf(text)), 'canonical'),
  },
  'records.json': {
    joins,
    folds: ({ name, records, want }) => assert.equal(encodeRecord(records.map(recordOf).reduce((a, b) => joined(a, b))), textOf(want), name),
    refused: (c) => NOT_READ.includes(c.refused) || assert.throws(() => recordOf(c.in), undefined, c.name),
  },
  'names.json': { names: (c) => (c.in.hex && c.refused) || assert.equal(isName(textOf(c.in)), !c.refused, c.name) }, // a text of JavaScript has no invalid UTF-8
  'purge.json': {
    purges({ name, in: input, fence, level1, level2 }) {
      assert.equal(encodeRecord(purged(recordOf(input), fence, 1)), textOf(level1), name);
      assert.equal(encodeRecord(purged(recordOf(input), fence, 2)), textOf(level2), name);
    },
  },
};

for (const file of Object.keys(SECTIONS)) {
  const cases = JSON.parse(readFileSync(new URL(`../../../merge/testdata/vectors/${file}`, import.meta.url)));
  for (const section of Object.keys(SECTIONS[file])) {
    test(`${file} ${section}`, () => {
      assert.ok(cases[section].length > 0);
      cases[section].forEach((c) => SECTIONS[file][section](c));
    });
  }
}
