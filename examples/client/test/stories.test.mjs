// The stories of the conformance vectors, against the client. Their form is in merge/testdata/vectors/README.md.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { openReplica } from '../index.js';
import { limitAt, observe, tick } from '../src/clock.js';
import { encodeRecord } from '../src/record.js';
import { parseTime, timeOf } from '../src/time.js';
import { parse } from '../src/value.js';
import { encodeWrite } from '../src/write.js';

const read = (file) => JSON.parse(readFileSync(new URL(`../../../merge/testdata/vectors/${file}`, import.meta.url)));

/** A Device is a Replica with its storage, its clock and its pulls. */
const newDevice = () => ({ replica: null, stored: new Map(), wall: 0, pulls: {} });

function save(d) {
  d.replica.takeChanged();
  for (const [key, text] of d.replica.takeSaves()) {
    if (text === '') d.stored.delete(key);
    else d.stored.set(key, text);
  }
}

// The reasons of edits that are refused.
const reasonOf = (error) => ({ 'no fields': 'fields' })[error.reason] || error.reason;

function edit(d, { edit: key, set = '{}', delete: deleted = [], seen, refused }) {
  const fields = Object.fromEntries(deleted.map((name) => [name, undefined]));
  const values = parse(set);
  for (const name of Object.keys(values)) fields[name] = values[name];
  const act = () => d.replica.edit(...key, fields, seen);
  if (refused) assert.throws(act, (error) => reasonOf(error) === refused);
  else act();
}

function pull(d, { pull: lines, of, settled, refused }) {
  const p = of ? d.pulls[of] : d.replica.beginPull();
  const act = () => d.replica.pulled(p, lines.map((line) => `${line}\n`).join(''));
  if (refused) return assert.throws(act, { name: /^(FieldlwwError|SyntaxError)$/ });
  act();
  return assert.equal(p.settled, settled);
}

/** told returns a notice without what is empty. */
function told(notice) {
  const n = Object.fromEntries(Object.entries(notice).filter(([, value]) => value));
  if (n.rolledBack) n.rolledBack = encodeRecord(n.rolledBack);
  if (n.other) n.other = { updatedAt: n.other.updatedAt, clientId: n.other.clientId };
  return n;
}

function explained(why) {
  if (!why) return null;
  const { winner, loser, step, seen, unknown } = why;
  return { winner: encodeWrite(winner), loser: encodeWrite(loser), step, ...(seen === undefined ? {} : { seen }), ...(unknown ? { unknown } : {}) };
}

const untold = (d) => assert.deepEqual(d.replica.takeNotices(), [], 'a notice that no step expects');

const STEPS = {
  wall: (d, { wall }) => {
    d.wall = Date.parse(wall);
  },
  open: (d, { open, refused }) => {
    if (d.replica) untold(d);
    const act = () => openReplica({ id: open, wall: () => d.wall, saved: d.stored });
    if (refused) assert.throws(act, (error) => error.reason === refused);
    else d.replica = act();
  },
  edit,
  batch: (d, { batch: { items, bytes }, lines }) => {
    const { text, count } = d.replica.batch(items, bytes);
    assert.equal(text, lines.map((line) => `${line}\n`).join(''));
    assert.equal(count, lines.length);
  },
  outbox: (d, { outbox }) => assert.deepEqual(d.replica.outbox(), outbox),
  answer: (d, { answer, refused }) => {
    if (refused) assert.throws(() => d.replica.answer(answer), { name: /^(FieldlwwError|SyntaxError)$/ });
    else d.replica.answer(answer);
  },
  begin: (d, { begin, cursor }) => {
    d.pulls[begin] = d.replica.beginPull();
    assert.equal(d.pulls[begin].cursor, cursor);
  },
  pull,
  time: (d, { time, took, offset }) => {
    d.replica.serverTime(parseTime(time), took);
    assert.equal(d.replica.offset, offset);
  },
  clockSet: (d) => d.replica.forgetOffset(),
  shown: (d, { shown, record, waiting }) => {
    assert.equal(encodeRecord(new Map(d.replica.shown(...shown))), record);
    assert.deepEqual(d.replica.waitingFields(...shown), waiting || []);
  },
  why: (d, { why, is }) => assert.deepEqual(explained(d.replica.why(...why)), is),
  notices: (d, { notices }) => assert.deepEqual(d.replica.takeNotices().map(told), notices),
};

function runStory({ steps }) {
  const d = newDevice();
  steps.forEach((step, i) => {
    try {
      STEPS[Object.keys(step)[0]](d, step);
      if (d.replica) save(d);
    } catch (error) {
      error.message = `step ${i}, ${JSON.stringify(step).slice(0, 200)}: ${error.message}`;
      throw error;
    }
  });
  untold(d);
}

const clock = (last) => ({ last: last && parseTime(last), offset: 0, ahead: new Set() });

function ticks({ last, steps }) {
  const r = clock(last);
  for (const step of steps) {
    if (step.observe) observe(r, parseTime(step.observe));
    else assert.equal(tick(Object.assign(r, { wall: () => Date.parse(step.wall) })), step.now);
  }
}

function bounds({ wall, accepts, refuses }) {
  const limit = limitAt(timeOf(Date.parse(wall)));
  assert.deepEqual([accepts <= limit, refuses <= limit], [true, false]);
}

const FILES = {
  'clock.json': { ticks, bounds, stories: runStory },
  'outbox.json': { stories: runStory },
  'answers.json': { stories: runStory },
  'restamp.json': { stories: runStory },
};

for (const file of Object.keys(FILES)) {
  const content = read(file);
  for (const section of Object.keys(FILES[file])) {
    for (const c of content[section]) test(`${file} ${section}: ${c.name}`, () => FILES[file][section](c));
  }
}
