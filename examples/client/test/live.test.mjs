// Keeping a client in sync, with a server and a clock that the test moves.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { keepInSync } from '../live.js';

const settled = () => new Promise(setImmediate);

/** A world has a remote whose rounds end as the list says, the last entry again and again, and one stream. */
function newWorld(t, outcomes = [null]) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const end = new AbortController();
  const w = { rounds: 0, streams: 0, told: [], end };
  const aborted = (signal, reject) => signal.addEventListener('abort', () => reject(signal.reason));
  const remote = {
    sync: async () => {
      const outcome = outcomes[Math.min(w.rounds++, outcomes.length - 1)];
      if (typeof outcome === 'function') await outcome(w);
      else if (outcome instanceof Error) throw outcome;
      return Number(outcome) || 0;
    },
    events: (signal, tell) => new Promise((resolve, reject) => {
      w.streams++;
      Object.assign(w, { tell, cut: () => reject(new TypeError('cut')) });
      aborted(signal, reject);
    }),
  };
  w.live = keepInSync({ remote, signal: end.signal, told: (error) => w.told.push(error && error.message) });
  w.after = async (milliseconds) => {
    await settled();
    for (let left = milliseconds; left > 0; left -= 250) {
      t.mock.timers.tick(Math.min(left, 250));
      await settled();
    }
    return w.rounds;
  };
  t.after(() => end.abort());
  return w;
}

test('a round begins at once, with each wake, and with each news', async (t) => {
  const w = newWorld(t);
  assert.equal(await w.after(0), 1);
  w.live.wake();
  assert.equal(await w.after(0), 2);
  w.tell(7);
  assert.equal(await w.after(0), 3);
  assert.deepEqual(w.told, [null, null, null]);
});

test('what happens during a round leads to one more', async (t) => {
  const w = newWorld(t, [async ({ live }) => {
    await settled();
    if (w.rounds === 1) for (let i = 0; i < 5; i++) live.wake();
  }]);
  await settled();
  assert.equal(await w.after(1000), 2);
});

test('there is a round each minute while there is no stream, and none while there is one', async (t) => {
  const w = newWorld(t);
  assert.equal(await w.after(59_000), 1);
  assert.equal(await w.after(1_000), 2);
  w.tell(1);
  assert.equal(await w.after(600_000), 3);
  w.cut();
  assert.equal(await w.after(60_000), 4);
  assert.equal(w.streams, 2);
});

test('edits that the server wants later are sent each minute', async (t) => {
  const w = newWorld(t, [2, 1, 0]);
  w.tell(1);
  await w.after(0);
  assert.equal(await w.after(60_000), 3);
  assert.equal(await w.after(600_000), 3);
});

test('a round that failed is repeated, less and less often, and at once when it is woken', async (t) => {
  const w = newWorld(t, [new TypeError('away')]);
  assert.ok((await w.after(10_000)) >= 3);
  const early = w.rounds;
  assert.ok(early <= 6, `${early} rounds`);
  await w.after(600_000);
  assert.ok(w.rounds - early >= 9 && w.rounds - early <= 24, `${w.rounds - early} rounds in ten minutes`);
  const late = w.rounds;
  w.live.wake();
  assert.equal(await w.after(0), late + 1);
  assert.deepEqual(new Set(w.told), new Set(['away']));
});

test('after a success, pauses are short again', async (t) => {
  const away = new TypeError('away');
  const w = newWorld(t, [...Array(8).fill(away), null, away, null]);
  while (w.rounds < 9) await w.after(1_000);
  w.live.wake();
  assert.equal(await w.after(0), 10);
  assert.equal(await w.after(1_000), 11);
  for (let i = 0; i < 8; i++) {
    w.cut();
    await w.after(60_000);
  }
  const { streams } = w;
  w.tell(1);
  w.cut();
  await w.after(1_000);
  assert.equal(w.streams, streams + 1);
});

test('a pause that the server asks for is kept, up to an hour', async (t) => {
  for (const [wait, kept] of [[90_000, 90_000], [Infinity, 3_600_000]]) {
    const w = newWorld(t, [Object.assign(new Error('quota'), { wait }), null]);
    await w.after(0);
    w.live.wake();
    assert.equal(await w.after(kept - 1000), 1);
    assert.equal(await w.after(1000), 2);
    w.end.abort();
    await w.live.ended;
    t.mock.timers.reset();
  }
});

test('streams that break at once are opened less and less often', async (t) => {
  const w = newWorld(t);
  for (let i = 0; i < 600; i++) {
    w.cut();
    await w.after(1000);
  }
  assert.ok(w.streams >= 12 && w.streams <= 30, `${w.streams} streams in ten minutes`);
});

test('the signal ends it, in a round and in a pause', async (t) => {
  const hanging = ({ end: { signal } }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  for (const outcome of [null, new TypeError('away'), hanging]) {
    const w = newWorld(t, [outcome]);
    await w.after(10);
    const told = w.told.length;
    w.end.abort();
    await w.live.ended;
    assert.equal(w.told.length, told);
    t.mock.timers.reset();
  }
});
