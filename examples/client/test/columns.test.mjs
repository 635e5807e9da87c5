// Runs merge/testdata/vectors/columns.json against the reader of columns.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isColumns, unpack } from '../src/columns.js';

const vectors = JSON.parse(readFileSync(new URL('../../../merge/testdata/vectors/columns.json', import.meta.url), 'utf8'));

// The other reasons are found by JSON.parse, or by the client in each row that a chunk stands for.
const OF_THE_READER = ['columns', 'version', 'stamp'];

for (const { name, in: chunk, rows } of vectors.chunks) {
  test(`chunk: ${name}`, () => {
    const parsed = JSON.parse(chunk);
    assert.ok(isColumns(parsed));
    assert.deepEqual(unpack(parsed), rows.map((row) => JSON.parse(row)));
  });
}

for (const { name, in: chunk, refused } of vectors.refused) {
  if (!OF_THE_READER.includes(refused)) continue;
  test(`refused: ${name}`, () => assert.throws(() => unpack(JSON.parse(chunk)), (error) => error.reason === refused));
}

test('a chunk in another form is read, or refused, but nothing else', () => {
  for (const { in: chunk } of vectors.forms) {
    try {
      assert.ok(unpack(JSON.parse(chunk)).length > 0);
    } catch (error) {
      assert.ok(['columns', 'version', 'stamp', 'name'].includes(error.reason), error.stack);
    }
  }
});

test('a line of another kind is not a chunk', () => {
  for (const line of ['{"seq":1,"table":"t","id":"1","data":{}}', '{"cursor":"x","level":1}', 'null', '1', '[]']) {
    assert.equal(isColumns(JSON.parse(line)), false);
  }
});

test('a chunk with damaged members is read or refused, and never fails otherwise', () => {
  const junk = [undefined, null, 0, -1, 1.5, 2 ** 60, 'x', [], [[]], [null], {}, [['t', [0]]], [['t', ['0']]], [['t']], { length: 2 }];
  for (const { in: text } of vectors.chunks) {
    for (const member of Object.keys(JSON.parse(text))) {
      for (const bad of junk) {
        for (const put of [(c) => (c[member] = bad), (c) => Array.isArray(c[member]) && (c[member][0] = bad), (c) => Array.isArray(c[member]?.[0]) && (c[member][0][1] = bad)]) {
          const chunk = JSON.parse(text);
          put(chunk);
          try {
            unpack(chunk);
          } catch (error) {
            assert.equal(error.name, 'FieldlwwError', `${member}: ${error.stack}`);
          }
        }
      }
    }
  }
});
