// Positions of lists: the vectors that the Go package fields shares, the order of records, and respacing.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { between, byPosition, lastTurn, respace } from '../order.js';
import { hashOf, pathOf, textOf } from '../src/position.js';
import { Integer } from '../src/value.js';

const vectors = JSON.parse(readFileSync(new URL('../../../record/fields/testdata/positions.json', import.meta.url)));
const ANA = '0194a1f0-0000-7000-8000-00000000000a';
const BEN = '7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10';

test('positions are as in the vectors', () => {
  for (const { client, hash } of vectors.hashes) assert.equal(hashOf(client), hash);
  for (const { path, text } of vectors.texts) {
    assert.deepEqual(pathOf(text).map(({ at, hash, count }) => [String(at), hash, String(count)]), path);
    assert.equal(textOf(pathOf(text)), text);
  }
  for (const text of vectors.refused) assert.equal(pathOf(text), null, text);
  assert.ok(vectors.between.length > 200);
  for (const { before, after, client, n, want } of vectors.between) assert.equal(between(before, after, { client, n: Number(n) }), want);
});

test('arguments that are none are refused, with the reason and without the value', () => {
  const p = between('', '', { client: ANA, n: 1 });
  for (const [before, after, turn, reason, path] of [
    [p, p, { client: ANA, n: 2 }, 'gap'],
    ['7', '', { client: ANA, n: 2 }, 'position', 'before'],
    ['', 'A title', { client: ANA, n: 2 }, 'position', 'after'],
    ['', '', { client: 'ana', n: 2 }, 'turn'],
    ['', '', { client: '00000000-0000-0000-0000-000000000000', n: 2 }, 'turn'],
    ['', '', { client: ANA, n: -1 }, 'turn'],
    ['', '', { client: ANA, n: 2 ** 53 }, 'turn'],
  ]) assert.throws(() => between(before, after, turn), { name: 'FieldlwwError', reason, path });
});

test('a lost count is found in the positions that others made next to its own', () => {
  const first = between('', '', { client: ANA, n: 70 });
  const next = between(first, '', { client: ANA, n: 71 });
  const inside = between(first, next, { client: BEN, n: 900 });
  assert.equal(lastTurn(ANA, [first, next, inside, 'no position']), 71);
  assert.equal(lastTurn(ANA, [inside]), 70);
  assert.equal(lastTurn(BEN, [first]), 0);
  assert.equal(lastTurn(ANA, [first, textOf([{ at: 0, hash: hashOf(ANA), count: 2 ** 53 - 1 }])]), 70);
});

test('records of every kind of position have one order', () => {
  const position = between('', '', { client: ANA, n: 1 });
  const write = (value) => new Map([['position', value === undefined ? { deleted: true } : { value }]]);
  const want = [['a', write(null)], ['b', write(undefined)], ['c', new Map()], ['d0', write({ text: '1', toString: 1 })], ['e', write(-1)], ['d', write(2.5)], ['f', write(new Integer('9007199254740993'))],
    ['h', write('')], ['i', write('A title')], ['j', write(position)], ['k', write(position)], ['l', write('\ue000')], ['m', write('😀')]];
  for (let i = 0; i < 50; i++) {
    const mixed = want.map((each) => [Math.sin(i * 997 + each[0].charCodeAt(0) * 31), each]).sort(([a], [b]) => a - b).map(([, each]) => each);
    assert.deepEqual(mixed.sort(byPosition('position')), want);
  }
});

test('respace makes positions short, valid and different, keeps the order, and moves nothing more', () => {
  const list = [];
  let [low, high] = [between('', '', { client: ANA, n: 1 }), ''];
  for (let n = 2; n < 80; n++) {
    const p = between(low, high, { client: n % 3 ? ANA : BEN, n });
    list.push({ id: `p${n}`, position: p });
    if (n % 2) low = p;
    else high = p;
  }
  list.sort((a, b) => (a.position < b.position ? -1 : 1));
  list.splice(3, 0, { id: 'clone', position: list[2].position });
  list.unshift({ id: 'integer', position: '7' });
  const moves = respace(list, { client: BEN, n: 1000 });
  const after = list.map((each) => moves.find(({ id }) => id === each.id) || each);
  after.forEach(({ position }, i) => assert.ok(position.length <= 64 && pathOf(position) && (i === 0 || after[i - 1].position < position)));
  assert.deepEqual(respace(after, { client: BEN, n: 2000 }), []);
  assert.equal(new Set(moves.map(({ id }) => id)).size, moves.length);
  assert.ok(moves.length < list.length && moves.some(({ id }) => id === 'clone') && moves.some(({ id }) => id === 'integer'));
});
