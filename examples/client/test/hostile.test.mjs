// Hostile servers and damaged storages. Each part of a valid message is replaced by each of some odd texts. Either the
// message is refused and nothing has changed, or it is taken, and the saved entries are read again as the same state.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openReplica } from '../index.js';
import { encodeRecord } from '../src/record.js';
import { encodeWrite } from '../src/write.js';
import { parse } from '../src/value.js';
import { openViolations } from '../violations.js';

const ANA = '01000000-0000-0000-0000-000000000000';
const BEN = '02000000-0000-0000-0000-000000000000';
const at = (hour) => `2026-03-02T${hour}:00:00.000000000Z`;
const NOW = Date.parse(at(12));
const LAST = '2262-04-11T23:47:16.854775807Z';
const by = (clientId, hour, value) => ({ value, updatedAt: at(hour), clientId });

const DEEP = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
const ODD = [
  'null', 'true', '0', '-1', '1.5', '1e308', '1e400', '88888888889e8', '9007199254740993',
  '""', '"SECRET"', '"constructor"', '"toString"', '"__proto__"', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"accepted"', '"gone"', '"violations"',
  `"${at('09')}"`, `"${LAST}"`, '"2262-04-10T23:59:59.999999999Z"', '"2026-03-02T10:00:00Z"', '"2026-02-30T10:00:00.000000000Z"', `"${ANA}"`, `"${BEN}"`,
  '[]', '[null]', '["x","x"]', '{}', '{"toString":1,"valueOf":1}', '{"__proto__":{"value":1}}', '{"constructor":[]}', '{"length":-1}',
  DEEP,
];
const NAMES = ['constructor', 'toString', '__proto__', 'SECRET', '', '\ud800', 'cursor', 'packed', 'x'.repeat(1025)];

/** paths yields the path of each node of a tree. */
function* paths(node, path = []) {
  yield path;
  if (node !== null && typeof node === 'object') for (const name of Object.keys(node)) yield* paths(node[name], [...path, name]);
}

const MARK = 'A MARK';

/** changed returns the text of a tree after a change of the member at a path. */
function changed(tree, path, act) {
  const copy = { root: JSON.parse(JSON.stringify(tree)) };
  const all = ['root', ...path];
  act(all.slice(0, -1).reduce((node, name) => node[name], copy), all[all.length - 1]);
  return copy.root === undefined ? '' : JSON.stringify(copy.root);
}

/** odd yields texts like the text of a tree, with one odd part. */
function* odd(tree) {
  for (const path of paths(tree)) {
    const marked = changed(tree, path, (node, name) => (node[name] = MARK));
    for (const text of ODD) yield marked.replace(JSON.stringify(MARK), () => text);
    yield changed(tree, path, (node, name) => (Array.isArray(node) ? node.splice(name, 1) : delete node[name]));
    yield changed(tree, path, (node, name) => (Array.isArray(node) ? node.push(node[name]) : (node.unknown = 1)));
    const renamed = changed(tree, path, (node, name) => {
      if (Array.isArray(node)) return;
      node[MARK] = node[name];
      delete node[name];
    });
    for (const name of NAMES) yield renamed.replace(JSON.stringify(MARK), () => JSON.stringify(name));
  }
  const text = JSON.stringify(tree);
  for (let end = 0; end < text.length; end += 7) yield text.slice(0, end);
}

const open = (saved) => openReplica({ id: ANA, wall: () => NOW, saved });

function save(replica, saved) {
  for (const [key, text] of replica.takeSaves()) {
    if (text === '') saved.delete(key);
    else saved.set(key, text);
  }
  return saved;
}

const explained = (why) => why && [encodeWrite(why.winner), encodeWrite(why.loser), why.step, why.seen, why.unknown];

/** stateOf returns what a Replica shows and saves of some records, and what it would send. */
function stateOf(replica, keys) {
  const records = keys.map(([table, id]) => {
    const data = replica.shown(table, id);
    return [table, id, encodeRecord(data), replica.waitingFields(table, id), [...data.keys()].sort().map((name) => explained(replica.why(table, id, name)))];
  });
  return JSON.stringify([records, replica.cursor, replica.buckets, replica.outbox()]);
}

const KEYS = [];
for (const table of ['tasks', 'violations', 'constructor', 'SECRET']) for (const id of ['a', 'b', 'c', 'constructor', 'SECRET']) KEYS.push([table, id]);

/** checkKept checks that a Replica can be saved and opened again, also after edits. */
function checkKept(replica, saved) {
  for (const table of ['tasks', 'constructor']) {
    assert.equal(stateOf(open(save(replica, saved)), KEYS), stateOf(replica, KEYS));
    openViolations(replica);
    replica.takeChanged();
    replica.takeNotices();
    try {
      replica.edit(table, 'a', { title: 'edited', toString: 1 });
    } catch (error) {
      assert.equal(error.name, 'FieldlwwError');
    }
  }
  assert.equal(stateOf(open(save(replica, saved)), KEYS), stateOf(replica, KEYS));
}

/** check feeds a Replica. */
function check(replica, saved, feed) {
  const before = stateOf(replica, KEYS);
  try {
    feed(replica);
  } catch (error) {
    assert.equal(error.name, 'FieldlwwError', error.stack);
    assert.ok(!error.message.includes('SECRET'), error.message);
    assert.deepEqual([replica.takeSaves(), replica.takeChanged(), replica.takeNotices()], [[], [], []]);
    assert.equal(stateOf(replica, KEYS), before);
    return false;
  }
  checkKept(replica, saved);
  return true;
}

const textOf = (lines) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const pull = (replica, ...lines) => replica.pulled(replica.beginPull(), textOf(lines));
const row = (id, data, more) => ({ seq: 1, ...more, table: 'tasks', id, data });

/** device returns the storage of a device with entries of each kind but "again". */
function device() {
  const replica = open();
  pull(replica, row('a', { title: by(ANA, '09', 'x'), toString: by(BEN, '08', 1) }), row('b', { title: by(BEN, '09', 'x') }), { cursor: 'e.1', level: 1, fence: at('01') });
  pull(replica, row('a', { title: by(BEN, '10', 'y'), toString: by(ANA, '09', [9]) }), { cursor: 'e.2', level: 1, clock: at('02') });
  replica.edit('tasks', 'c', { title: 'mine' });
  replica.batch();
  replica.answer('[{"verdict":"accepted"}]');
  replica.edit('tasks', 'a', { title: 'mine', toString: undefined });
  replica.edit('tasks', 'b', { $deleted: true });
  return save(replica, new Map());
}

const DEVICE = device();

/** restored returns the storage of the device after its server was restored. */
function restored() {
  const replica = open(DEVICE);
  pull(replica, { reset: [''], why: 'epoch' }, { cursor: 'f.1', more: true, buckets: ['', 'x'] });
  return save(replica, new Map(DEVICE));
}

const COLUMNS = {
  packed: 1, names: ['title', 'done'], kinds: [['tasks', [0, 1]]], clients: [BEN], in: ['x'], kind: [0], stamps: [2], ms: [NOW, -5], tick: [0, 7], client: [0, 0],
  id: ['c'], values: [['x'], [null]], deleted: [1], seq: [3],
};
const LINES = {
  reset: { reset: ['x'], why: 'grant' },
  row: row('a', { title: by(BEN, '11', { n: [1, 'z'] }), gone: { deleted: true, updatedAt: at('11'), clientId: ANA }, $deleted: by(BEN, '10', false) }, { in: ['', 'x'] }),
  left: { table: 'tasks', id: 'b', left: true, erased: true },
  columns: COLUMNS,
  trailer: { cursor: 'e.9', more: true, buckets: ['', 'x'], fence: at('03'), level: 2, clock: at('11') },
};

for (const name of Object.keys(LINES)) {
  test(`a pull whose line is odd: ${name}`, () => {
    const names = Object.keys(LINES);
    const textWith = (text) => names.map((other) => `${other === name ? text : JSON.stringify(LINES[other])}\n`).join('');
    assert.ok(check(open(DEVICE), new Map(DEVICE), (r) => r.pulled(r.beginPull(), textWith(JSON.stringify(LINES[name])))));
    const taken = [0, 0];
    for (const text of odd(LINES[name])) {
      const saved = new Map(DEVICE);
      taken[Number(check(open(saved), saved, (r) => r.pulled(r.beginPull(), textWith(text))))]++;
    }
    assert.ok(taken.every((n) => n > 10), `${taken}`);
  });
}

const WINNER = { updatedAt: at('11'), clientId: BEN };
const REPLIES = [
  { index: 0, table: 'tasks', id: 'a', verdict: 'accepted', changed: true, serverTime: at('12'), notes: ['rewound', 'collision', 'update_of_deleted'],
    fields: { title: { outcome: 'superseded', lost: true, winner: WINNER }, toString: { outcome: 'gone', loser: WINNER } } },
  { index: 1, table: 'tasks', id: 'b', verdict: 'refused', code: 'forbidden', detail: 'no', retryable: false },
];
const LATE = [{ verdict: 'refused', code: 'gone' }, { verdict: 'refused', code: 'too_far_ahead', retryable: true, serverTime: at('10') }];

test('an answer with an odd part, after which the right one is taken', () => {
  for (const replies of [REPLIES, LATE]) {
    for (const text of odd(replies)) {
      const saved = new Map(DEVICE);
      const replica = open(saved);
      replica.batch();
      save(replica, saved);
      if (!check(replica, saved, (r) => r.answer(text))) assert.ok(check(replica, saved, (r) => r.answer(JSON.stringify(replies))));
    }
  }
});

test('replies to edits that were not sent are refused', () => {
  const saved = new Map(DEVICE);
  const replica = open(saved);
  assert.equal(check(replica, saved, (r) => r.answer(JSON.stringify(REPLIES))), false);
  replica.batch();
  assert.equal(check(replica, saved, (r) => r.answer(JSON.stringify([...REPLIES, ...REPLIES]))), false);
  replica.answer(JSON.stringify(REPLIES));
  save(replica, saved);
  replica.takeChanged();
  replica.takeNotices();
  assert.equal(check(replica, saved, (r) => r.answer(JSON.stringify(REPLIES))), false);
});

test('saved entries with an odd part', () => {
  for (const stored of [DEVICE, restored()]) {
    for (const [key, text] of stored) {
      if (stored !== DEVICE && DEVICE.get(key) === text) continue;
      for (const entry of odd(parse(text))) {
        const saved = new Map(stored).set(key, entry);
        let replica;
        try {
          replica = open(saved);
        } catch (error) {
          assert.equal(error.name, 'FieldlwwError', error.stack);
          assert.ok(error.path === key || error.reason === 'client', `${key}: ${error.message}`);
          continue;
        }
        checkKept(replica, saved);
      }
    }
  }
});

test('entries with odd keys are refused', () => {
  const text = DEVICE.get('record/tasks\0a');
  for (const key of ['', 'x', 'record', 'record/', 'record/tasks', 'record/\0a', 'record/__proto__\0a', 'record/tasks\0', 'record/tasks\0a\0', 'why/tasks', 'outbox/1', `outbox/${'9'.repeat(20)}`, '__proto__/', 'constructor/x']) {
    assert.throws(() => open([[key, text]]), { name: 'FieldlwwError', path: key });
  }
});

test('a long number does not take long', () => {
  const saved = new Map(DEVICE);
  const number = `9007199254740993.${'0'.repeat(500_000)}1`;
  assert.ok(check(open(saved), saved, (r) => r.pulled(r.beginPull(), `${textOf([LINES.row]).replace('"z"', number)}${textOf([{ cursor: 'e.9' }])}`)));
});

test('a time that is none is ignored', () => {
  for (const text of ['', 'SECRET', '2026', '2026-03-02T10:00:00.000SECRET', '2026-13-02T10:00:00.000000000Z', LAST, '9999-03-02T10:00:00.000000000Z']) {
    const saved = new Map(DEVICE);
    const replica = open(saved);
    replica.serverTime(text, 5);
    assert.equal(replica.offset, 0);
    checkKept(replica, saved);
  }
});
