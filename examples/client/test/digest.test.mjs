// The digest, against the one of the library, and its hash against the one of Node.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { openDigest } from '../digest.js';
import { readRecord } from '../src/record.js';
import { sha256 } from '../src/sha256.js';
import { parse } from '../src/value.js';

const hex = (words) => Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');

test('the hash is SHA-256, for all lengths about one, two and three blocks, and for a long text', () => {
  for (const length of [...Array(200).keys(), 100_001]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 251 + length * 7) % 256);
    assert.equal(hex(sha256(bytes)), createHash('sha256').update(bytes).digest('hex'), String(length));
  }
});

const { digests } = JSON.parse(readFileSync(new URL('../../../merge/testdata/vectors/records.json', import.meta.url)));
const text = (t) => (Array.isArray(t) ? t.map(text).join('') : t.repeat && typeof t === 'object' ? t.repeat[0].repeat(t.repeat[1]) : t);
const read = ({ table, id, record, data }) => [text(table), text(id), readRecord(parse(text(record || data)))];

test('digests are as in the vectors', () => {
  for (const { name, records, digest } of digests) {
    const sum = openDigest();
    records.forEach((r) => sum.add(...read(r)));
    assert.equal(String(sum), digest, name);
  }
});

test('what is removed again is no longer in the digest, in any order', () => {
  const all = digests.flatMap(({ records }) => records.map(read));
  const sum = openDigest();
  all.forEach((r) => sum.add(...r));
  const full = String(sum);
  all.forEach((r) => sum.remove(...r));
  assert.equal(String(sum), '0'.repeat(64));
  all.reverse().forEach((r) => sum.add(...r));
  assert.equal(String(sum), full);
  assert.notEqual(full, '0'.repeat(64));
});
