// Where tasks stand, and what a move writes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import './fakes.mjs';

const { MOST, hasPositions, moved, ordered, topPosition } = await import('../static/positions.js');

const { hashOf, textOf } = await import('../../../../client/src/position.js');
const { between } = await import('../../../../client/order.js');

const CLIENT = '11111111-2222-4333-8444-555555555555';
const OTHER = '99999999-2222-4333-8444-555555555555';
const task = (id, position) => ({ table: 'tasks', id, data: position === undefined ? {} : { position: { value: position } } });

/** A Column moves tasks as the board does, and counts its writes. */
class Column {
  writes = 0;
  #turns = 0;

  constructor(tasks, client = CLIENT) {
    this.tasks = ordered(tasks);
    this.client = client;
  }

  get ids() { return this.tasks.map(({ id }) => id).join(''); }
  get others() { return (id) => this.tasks.filter((t) => t.id !== id); }

  move(id, index, from = this.tasks.find((t) => t.id === id) ?? task(id)) {
    const move = moved({ column: this.tasks, task: from, index }, { client: this.client, n: this.#turns + 1 });
    if (!move) return null;
    const writes = [...move.first, { id, position: move.position }];
    this.#turns += writes.length;
    this.writes += writes.length;
    for (const write of writes) this.tasks = ordered([...this.others(write.id), task(write.id, write.position)]);
    return move;
  }
}

const without = (...ids) => ids.map((id) => task(id));

test('tasks without a position are the newest first, below numbers, which are below positions', () => {
  const low = topPosition([], { client: CLIENT, n: 1 });
  const high = topPosition([task('x', low)], { client: OTHER, n: 1 });
  const tasks = [task('a'), task('b', 2), task('c', low), task('d'), task('e', 10), task('f', high), task('g', null)];
  tasks.push({ table: 'tasks', id: 'h', data: { position: { deleted: true } } });
  assert.equal(ordered(tasks).map(({ id }) => id).join(''), 'fcebhgda');
  assert.ok(hasPositions([task('a'), task('b', 2)]));
  assert.ok(!hasPositions([task('a'), task('g', null), tasks.at(-1)]));
});

test('a new task is above all others, wherever their positions come from', () => {
  let tasks = without('a', 'b');
  for (const id of ['c', 'd', 'e']) {
    tasks = [...tasks, task(id, topPosition(tasks, { client: id < 'd' ? OTHER : CLIENT, n: 1 }))];
    assert.equal(ordered(tasks)[0].id, id);
  }
  assert.equal(ordered([task('n', 7), task('m', topPosition([task('n', 7)], { client: CLIENT, n: 1 }))])[0].id, 'm');
  const bad = [task('n', '~'), task('l', topPosition([], { client: OTHER, n: 1 }))];
  assert.equal(ordered([...bad, task('m', topPosition(bad, { client: CLIENT, n: 1 }))]).map(({ id }) => id).join(''), 'nml', 'nothing is above it');
});

test('a task that stays where it is writes nothing', () => {
  for (const tasks of [without('a', 'b', 'c'), [task('a', 1), task('b', 2), task('c', 2)]]) {
    const column = new Column(tasks);
    column.tasks.forEach(({ id }, index) => assert.equal(column.move(id, index), null));
  }
});

test('a task goes to each index, from each index and from another column', () => {
  const starts = { none: without(...'abcde'), numbers: [...'abcde'].map((id, i) => task(id, i)), mixed: [...without(...'abc'), task('d', 1), task('e', 'no position')] };
  for (const [name, tasks] of Object.entries(starts)) {
    for (const id of 'abcdex') {
      for (let index = 0; index < 5; index++) {
        const column = new Column(tasks);
        const want = column.ids.replace(id, '');
        column.move(id, index);
        assert.equal(column.ids, want.slice(0, index) + id + want.slice(index), `${name}: ${id} to ${index}`);
      }
    }
  }
});

test('a move writes one position, and before that only those that tasks above it need', () => {
  const column = new Column(without(...'abcdefgh')); // hgfedcba
  assert.deepEqual(column.move('a', 0).first, []);
  assert.equal(column.ids, 'ahgfedcb');
  assert.deepEqual(column.move('b', 2).first.map(({ id }) => id), ['h']);
  assert.equal(column.ids, 'ahbgfedc');
  assert.deepEqual(column.move('h', 4).first.map(({ id }) => id).sort(), ['f', 'g']);
  assert.equal(column.ids, 'abgfhedc');
  const { writes } = column;
  for (const [id, index] of [['c', 1], ['a', 3], ['f', 0], ['d', 4], ['a', 2]]) column.move(id, index);
  assert.equal(column.writes, writes + 5);
});

test('a task that moves down first gets a position for its old place, so that the move can be undone', () => {
  const column = new Column(without(...'abcd')); // dcba
  const { first } = column.move('c', 2);
  assert.equal(column.ids, 'dbca');
  const old = first.find(({ id }) => id === 'c');
  assert.equal(ordered([...column.others('c'), task('c', old.position)]).map(({ id }) => id).join(''), 'dcba');
});

test('devices that show the same tasks give the same positions to tasks that were never moved', () => {
  const [left, right] = [new Column(without(...'abcde')), new Column(without(...'abcde'), OTHER)]; // edcba
  const [one, other] = [left.move('a', 2), right.move('d', 3)];
  assert.deepEqual(one.first, other.first.slice(0, 2));
  assert.deepEqual(left.move('c', 0).first, []);
  assert.notEqual(one.position, other.position);
});

test('equal positions, invalid ones and long ones are replaced, and the order stays', () => {
  const p = topPosition([], { client: OTHER, n: 5 });
  const equal = new Column([task('a', p), task('b', p), task('c', p)]); // cba
  equal.move('x', 1);
  assert.equal(equal.ids, 'cxba');
  const bad = new Column([task('a', 'b'), task('b', 'not one'), task('c', '~')]);
  bad.move('x', 2);
  assert.equal(bad.ids, 'cbxa');

  // Two clients bisect one place, which makes positions longer with each move.
  const column = new Column(without('a', 'b'));
  column.move('b', 1);
  let last = ['a', 'b'];
  let longest = 0;
  for (let i = 0; i < 200; i++) {
    column.client = i % 2 === 0 ? CLIENT : OTHER;
    const want = column.tasks.map(({ id }) => id);
    const index = Math.max(...last.map((id) => want.indexOf(id)));
    want.splice(index, 0, `${i}`);
    column.move(`${i}`, index);
    last = [last[1], `${i}`];
    assert.deepEqual(column.tasks.map(({ id }) => id), want);
    longest = Math.max(longest, ...column.tasks.map(({ data }) => data.position.value.length));
  }
  assert.ok(longest > 48 && longest <= 64, `${longest}`);
});

const id = (i) => String(i).padStart(4, '0');
const many = (position) => Array.from({ length: 5 * MOST }, (_, i) => task(id(i), position(i)));

test('a move near the top of a long column of equal positions writes few of them', () => {
  const p = topPosition([], { client: OTHER, n: 5 });
  const column = new Column(many(() => p));
  const want = column.tasks.map((t) => t.id);
  want.splice(10, 0, 'x');
  assert.equal(column.move('x', 10).first.length, 10);
  assert.deepEqual(column.tasks.map((t) => t.id), want);
  const [moving] = want.splice(3, 1);
  want.splice(7, 0, moving);
  assert.ok(column.move(moving, 7).first.length <= 1);
  assert.deepEqual(column.tasks.map((t) => t.id), want);
});

test('in a long column of long positions, a move makes one that is longer, instead of replacing all', () => {
  let [low, high] = ['', ''];
  for (let n = 2 ** 50; low.length <= 100; n++) {
    if (n % 2) low = between(low, high, { client: OTHER, n });
    else high = between(low, high, { client: CLIENT, n });
  }
  const column = new Column(many((i) => (low = between(low, high, { client: OTHER, n: 2 ** 51 + i }))));
  const { first, position } = moved({ column: column.tasks, task: task('x'), index: 10 }, { client: CLIENT, n: 1 });
  assert.deepEqual(first, []);
  assert.ok(column.tasks[10].data.position.value < position && position < column.tasks[9].data.position.value);
});

test('a new task gets a short position, even if another one has been put above all short ones', () => {
  const high = textOf(Array(40).fill({ at: 2 ** 53 - 1, hash: hashOf(OTHER), count: 2 ** 50 })); // a greater one is even longer
  const low = topPosition([], { client: OTHER, n: 1 });
  const position = topPosition([task('a', high), task('b', low)], { client: CLIENT, n: 1 });
  assert.ok(low < position && position.length <= 64, position);
});
