// Sync: which edits are sent, when they are sent again, and when they leave the outbox.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accepted, device, json, memory, online, serve, until, verdicts } from './fakes.mjs';

const { State } = await import('../static/syncstate.js');

/** nothing is the answer to a pull that brings no changes. */
const nothing = () => new Response('{"cursor":""}\n');

/** pushing returns a server without changes that answers pushes and records their batches. */
function pushing(answer) {
  const batches = [];
  const server = (what, body) => {
    if (what !== 'push') return nothing();
    batches.push(body.split(','));
    return answer(body, batches.length);
  };
  return { batches, server };
}

for (const status of [400, 413, 502]) {
  test(`a proxy that answers ${status} removes no edit from the outbox`, async () => {
    const { replica } = device();
    for (const id of ['a', 'b']) replica.edit('tasks', id, {});
    const sync = online(replica, pushing(() => new Response('<html>no</html>', { status })).server);
    await until(() => [State.unreachable, State.current].includes(sync.state));
    assert.equal(sync.state, State.unreachable);
    assert.equal(replica.waiting, 2);
    sync.stop();
  });
}

for (const code of ['malformed', 'too_large']) {
  test(`halving finds the one edit for which the server answers ${code}`, async () => {
    const { replica } = device();
    for (let i = 0; i < 1200; i++) replica.edit('tasks', `e${i}`, {});
    const { batches, server } = pushing((body) => (body.split(',').includes('e300') ? json({ code }, 400) : verdicts(body, accepted)));
    const sync = online(replica, server);
    await until(() => sync.state === State.current);
    assert.equal(replica.waiting, 0);
    assert.ok(batches.length < 60, `${batches.length} pushes`);
    assert.equal(batches.at(-2).length, 500, 'the batches do not return to the full size');
    sync.stop();
  });
}

test('a refused batch of few long edits is followed by one with half as many edits', async () => {
  const { replica } = device();
  const long = 'x'.repeat(100_000);
  for (const id of ['bad', 'b', 'c', 'd']) for (const n of [1, 2, 3, 4]) replica.edit('tasks', id + n + long, {});
  const { batches, server } = pushing((body) => (body.includes('bad1') ? json({ code: 'too_large' }, 413) : verdicts(body, accepted)));
  const sync = online(replica, server);
  await until(() => sync.state === State.current);
  assert.deepEqual(batches.map((b) => b.length), [8, 4, 2, 1, 1, 8, 6]);
  sync.stop();
});

test('an edit leads to a pull, a push, and a pull', async () => {
  const { replica } = device();
  const asked = [];
  const sync = online(replica, (what, body) => {
    asked.push(what);
    if (what === 'push') return verdicts(body, accepted);
    return nothing();
  });
  await until(() => sync.state === State.current);
  asked.length = 0;
  replica.edit('tasks', 'a', {});
  await until(() => sync.state === State.current && replica.waiting === 0);
  assert.deepEqual(asked, ['pull', 'push', 'pull']);
  sync.stop();
});

test('pulls go on until nothing is left to pull', async () => {
  const { replica, program } = device();
  let left = 3;
  program.functions.pulled = () => {
    program.cursor = `e.${--left}`;
    program.settled = left === 0;
  };
  const sync = online(replica, () => new Response('{"cursor":""}\n'));
  await until(() => sync.state === State.current);
  assert.equal(left, 0);
  sync.stop();
});

test('a server that has more records but the same cursor is not asked endlessly', async () => {
  const { replica, program } = device();
  program.functions.pulled = () => {};
  let asked = 0;
  const sync = online(replica, () => (asked++, new Response('{"cursor":""}\n')));
  await until(() => sync.state === State.confused);
  assert.equal(asked, 1);
  sync.stop();
});

test('an edit is sent only after it is saved', async () => {
  const storage = memory();
  const { save } = storage;
  const written = []; // each function lets one transaction end
  storage.save = async (entries) => {
    await new Promise((resolve) => written.push(resolve));
    await save(entries);
  };
  const { replica } = device(storage);
  replica.edit('tasks', 'first', {});
  const early = [];
  const sync = online(replica, pushing((body) => {
    early.push(...body.split(',').filter((id) => !storage.disk.has(`outbox/${id}`)));
    return verdicts(body, accepted);
  }).server);
  await until(() => sync.state === State.pushing);
  replica.edit('tasks', 'second', {});
  await until(() => written.splice(0, 1).map((end) => end()).length === 0 && sync.state === State.current);
  assert.deepEqual(early, []);
  sync.stop();
});

test('if a correction of the clock does not help, the push waits', async () => {
  const { replica } = device();
  replica.edit('tasks', 'a', {});
  const late = { verdict: 'refused', retryable: true, code: 'too_far_ahead', serverTime: 'x' };
  const { batches, server } = pushing((body, n) => verdicts(body, n < 20 ? late : accepted));
  const sync = online(replica, server);
  await until(() => [State.busy, State.current].includes(sync.state));
  assert.equal(sync.state, State.busy);
  assert.equal(batches.length, 2, 'there must be one push before and one after the correction');
  sync.wake();
  await until(() => batches.length === 3 && sync.state === State.busy);
  sync.stop();
});

test('an error of the program is not reported as an unreachable server', async () => {
  const { replica } = device();
  replica.edit('tasks', 'a', {});
  const sync = online(replica, pushing(() => json({ results: [] })).server);
  await until(() => [State.confused, State.busy, State.unreachable].includes(sync.state));
  assert.equal(sync.state, State.confused);
  sync.stop();
});

test('a device that is switched offline while it joins does not listen', async () => {
  const storage = memory();
  const { load } = storage;
  let go = null;
  storage.load = () => new Promise((resolve) => (go = () => resolve(load())));
  const { replica } = device(storage);
  replica.device.token = null;
  let listens = null;
  const sync = online(replica, () => json({ clientId: 'c', token: 't' }), { listen: (token) => (listens = token) });
  await until(() => go);
  sync.stop();
  go();
  await until(() => replica.joined);
  await new Promise(setImmediate);
  assert.equal(listens, null);
  assert.equal(sync.state, State.offline);
});

for (const what of ['join', 'push']) {
  test(`an unanswered ${what} is aborted`, async (t) => {
    const patience = new AbortController();
    const asked = [];
    t.mock.method(AbortSignal, 'timeout', (ms) => (asked.push(ms), patience.signal));
    const { replica } = device();
    replica.edit('tasks', 'a', {});
    if (what === 'join') replica.device.token = null;
    let waits = false;
    const sync = online(replica, (request, _, signal) => {
      if (request !== what) return nothing();
      waits = true;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    await until(() => waits);
    patience.abort();
    await until(() => sync.state === State.unreachable);
    assert.deepEqual([...new Set(asked)], [60_000]);
    sync.stop();
  });
}

test('a database that is closing is reported, and nothing is sent', async () => {
  const { Storage } = await import('../static/storage.js');
  const { replica } = device(new Storage({ transaction() { throw new DOMException('closing', 'InvalidStateError'); } }));
  const notices = [];
  replica.addEventListener('notice', ({ detail }) => notices.push(detail.kind));
  replica.edit('tasks', 'a', {});
  assert.equal(replica.waiting, 1);
  const sync = online(replica, nothing);
  await until(() => [State.notSaved, State.unreachable].includes(sync.state));
  assert.equal(sync.state, State.notSaved);
  assert.deepEqual(notices, ['not_saved']);
});

test('unreadable storage during a join is not reported as an unreachable server', async () => {
  const storage = memory();
  storage.load = async () => { throw new DOMException('no', 'UnknownError'); };
  const { replica } = device(storage);
  replica.device.token = null;
  const sync = online(replica, () => json({ clientId: 'c', token: 't' }));
  await until(() => [State.notSaved, State.unreachable].includes(sync.state));
  assert.equal(sync.state, State.notSaved);
  sync.stop();
});

test('a device that the server has forgotten joins again with its waiting edits', async () => {
  const { replica, storage, program } = device(memory({ state: '{}', 'record/tasks\0x': '{}', 'why/tasks\0x': '[]' }));
  replica.edit('tasks', 'a', {});
  const sync = online(replica, (what) => (what === 'pull' ? json({ code: 'unauthorized' }, 401) : nothing()));
  await until(() => sync.state === State.unauthorized);
  sync.stop();
  await replica.leave();
  assert.equal(replica.joined, false);
  assert.deepEqual([...storage.disk.keys()].sort(), ['device', 'outbox/a']);
  const sent = [];
  serve((what, body) => {
    if (what === 'join') return json({ clientId: 'new', token: 'new' });
    if (what === 'push') sent.push([program.clientId, body]);
    return what === 'push' ? verdicts(body, accepted) : nothing();
  });
  sync.start();
  await until(() => sync.state === State.current);
  assert.deepEqual(sent, [['new', 'a']]);
  sync.stop();
});

for (const [body, state] of [['{"code":"malformed"}', State.noWorkspace], ['<html>no</html>', State.unreachable]]) {
  test(`a join that is answered with ${body} leads to ${state}`, async () => {
    const { replica } = device();
    replica.device.token = null;
    let joins = 0;
    const sync = online(replica, () => (joins++, new Response(body, { status: 400 })));
    await until(() => ![State.joining, State.offline].includes(sync.state));
    assert.equal(sync.state, state);
    assert.equal(joins, 1);
    sync.stop();
  });
}

test('after the server was restored, a push is repeated after a pull, with the new cursor', async () => {
  const { replica, program } = device();
  program.cursor = 'old.40';
  program.functions.pulled = () => void Object.assign(program, { cursor: asked.length === 1 ? 'old.40' : 'new.3', settled: true });
  replica.edit('tasks', 'a', {});
  const asked = [];
  const sync = online(replica, (what, body, _, path) => {
    asked.push(path.replace(/&limit.*/, ''));
    if (what === 'push') return path.includes('new.3') ? verdicts(body, accepted) : json({ code: 'epoch_changed' }, 409);
    return nothing();
  });
  await until(() => sync.state === State.current);
  assert.deepEqual(asked, ['v1/pull?cursor=old.40', 'v1/push?v=2&cursor=old.40', 'v1/pull?cursor=old.40', 'v1/push?v=2&cursor=new.3', 'v1/pull?cursor=new.3']);
  assert.equal(replica.waiting, 0);
  sync.stop();
});

test('a server whose epoch always changes is not asked endlessly', async () => {
  const { replica } = device();
  replica.edit('tasks', 'a', {});
  const asked = [];
  const sync = online(replica, (what) => (asked.push(what), what === 'push' ? json({ code: 'epoch_changed' }, 409) : nothing()));
  await until(() => sync.state === State.confused);
  assert.deepEqual(asked, ['pull', 'push', 'pull', 'push']);
  sync.stop();
});

test('before a reset, what the user is typing becomes an edit', async () => {
  const { replica, program } = device();
  const done = [];
  const { pulled } = program.functions;
  program.functions.pulled = () => void (pulled(), done.push('pulled'));
  const sync = online(replica, () => new Response('{"reset":[""],"why":"epoch"}\n{"cursor":"new.3"}\n'));
  sync.addEventListener('leaving', () => done.push('leaving'));
  await until(() => sync.state === State.current);
  assert.deepEqual(done, ['leaving', 'pulled']);
  sync.stop();
});

test('edits that must wait for a pull are not sent', async () => {
  const { replica, program } = device();
  replica.edit('tasks', 'a', {});
  program.functions.batch = () => ({ bytes: '', count: 0 });
  const asked = [];
  const sync = online(replica, (what) => (asked.push(what), nothing()));
  await until(() => sync.state === State.current);
  assert.deepEqual(asked, ['pull', 'pull']);
  sync.stop();
});

test('a used-up quota keeps the outbox complete, and delays the next push', async (t) => {
  const { replica } = device();
  for (const id of ['a', 'b', 'c', 'd']) replica.edit('tasks', id, {});
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  let pulls = 0;
  const batches = [];
  const sync = online(replica, (what, body) => {
    if (what === 'pull') return (pulls++, nothing());
    batches.push(body.split(','));
    if (batches.length === 1) return new Response('{"code":"quota_exceeded"}', { status: 429, headers: { 'Retry-After': '30' } });
    return verdicts(body, accepted);
  });
  await until(() => sync.state === State.quota);
  for (const time of [10_000, 29_999]) {
    now = time;
    const before = pulls;
    sync.wake(); // as after a change by another device
    await until(() => pulls > before && sync.state === State.quota);
  }
  assert.equal(batches.length, 1);
  assert.equal(replica.waiting, 4);
  now = 30_000;
  sync.wake();
  await until(() => sync.state === State.current);
  assert.deepEqual(batches[1], ['a', 'b', 'c', 'd'], 'it was halved');
  sync.stop();
});

for (const [what, answer, state] of [
  ['408', () => json({ code: 'timeout' }, 408), State.slow],
  ['a time-out', () => Promise.reject(new DOMException('timed out', 'TimeoutError')), State.unreachable],
  ['413 from a proxy', () => new Response('<html>', { status: 413 }), State.unreachable],
]) {
  test(`after ${what}, fewer edits are pushed at a time, and none is dropped`, async () => {
    const { replica } = device();
    for (let i = 0; i < 8; i++) replica.edit('tasks', `e${i}`, {});
    const { batches, server } = pushing((body) => (body.split(',').length > 2 ? answer() : verdicts(body, accepted)));
    const sync = online(replica, server);
    for (const n of [1, 2]) {
      await until(() => batches.length === n && sync.state === state);
      sync.wake();
    }
    await until(() => sync.state === state && batches.length === 4);
    assert.deepEqual(batches.slice(0, 3).map((b) => b.length), [8, 4, 2]);
    assert.equal(replica.waiting, 6);
    for (let n = 0; replica.waiting > 0 && n < 20; n++) {
      await until(() => [state, State.current].includes(sync.state));
      const before = batches.length;
      if (sync.state !== State.current) sync.wake();
      await until(() => batches.length > before || sync.state === State.current);
    }
    assert.equal(replica.waiting, 0);
    sync.stop();
  });
}

test('a single edit that does not arrive in time is kept', async () => {
  const { replica } = device();
  replica.edit('tasks', 'a', {});
  const { batches, server } = pushing(() => json({ code: 'timeout' }, 408));
  const sync = online(replica, server);
  for (const n of [1, 2, 3]) {
    await until(() => batches.length === n && sync.state === State.slow);
    sync.wake();
  }
  assert.equal(replica.waiting, 1);
  sync.stop();
});

test('edits for which the server has no room wait, and the state says so', async () => {
  const { replica } = device();
  replica.edit('tasks', 'a', {});
  const full = { verdict: 'refused', retryable: true, code: 'storage_full' };
  const { server } = pushing((body, n) => verdicts(body, n === 1 ? full : accepted));
  const sync = online(replica, server);
  await until(() => sync.state === State.full);
  assert.equal(replica.waiting, 1);
  sync.wake();
  await until(() => sync.state === State.current);
  sync.stop();
});

test('the program gets the server’s time from every answer, including failures', async () => {
  const { replica, program } = device();
  replica.edit('tasks', 'a', {});
  let n = 0;
  const headers = () => ({ 'Server-Time': `time ${++n}` });
  const sync = online(replica, (what, body) => {
    if (what === 'pull') return new Response('{"cursor":""}\n', { headers: headers() });
    return n < 3 ? new Response('{}', { status: 503, headers: headers() }) : new Response(JSON.stringify({ results: [accepted] }), { headers: headers() });
  });
  await until(() => sync.state === State.busy);
  sync.wake();
  await until(() => sync.state === State.current);
  assert.deepEqual(program.times, [1, 2, 3, 4, 5].map((i) => `time ${i}`));
  sync.stop();
});

for (const what of ['join', 'pull']) {
  test(`a ${what} that the quota forbids is not repeated too early`, async (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const { replica } = device();
    replica.edit('tasks', 'a', {});
    if (what === 'join') replica.device.token = null;
    const asked = [];
    const sync = online(replica, (request) => {
      asked.push(request);
      return request === what ? new Response('{"code":"quota_exceeded"}', { status: 429, headers: { 'Retry-After': '30' } }) : nothing();
    });
    await until(() => sync.state === State.quota);
    for (const time of [0, 15_000, 29_999]) {
      now = time;
      sync.wake();
      for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    }
    assert.deepEqual(asked, [what]);
    assert.equal(sync.state, State.quota);
    now = 30_000;
    sync.wake();
    await until(() => asked.length === 2);
    assert.equal(replica.waiting, 1);
    sync.stop();
  });
}

test('rules that the server could not check completely are recorded', async () => {
  const { replica } = device();
  replica.edit('tasks', 'a', {});
  const { server } = pushing(() => json({ results: [accepted], unchecked: ['scheduling_conflict'] }));
  const changes = [];
  replica.addEventListener('change', ({ detail }) => changes.push(...detail.tables));
  const sync = online(replica, server);
  await until(() => sync.state === State.current);
  assert.deepEqual([...replica.unchecked], ['scheduling_conflict']);
  assert.ok(changes.includes('violations'));
  sync.stop();
});

test('while answers to pushes are slow, batches do not grow', async (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const { replica } = device();
  for (let i = 0; i < 8; i++) replica.edit('tasks', `e${i}`, {});
  let slow = true;
  const { batches, server } = pushing((body, n) => {
    if (n === 1) return json({ code: 'timeout' }, 408);
    now += slow ? 50_000 : 1;
    slow = n < 3;
    return verdicts(body, accepted);
  });
  const sync = online(replica, server);
  await until(() => sync.state === State.slow);
  for (let i = 8; i < 20; i++) replica.edit('tasks', `e${i}`, {}); // each edit wakes the sync
  await until(() => sync.state === State.current);
  assert.deepEqual(batches.map((b) => b.length), [8, 4, 4, 4, 8]);
  sync.stop();
});

test('a token that has ended is renewed, and the edits that wait are sent', async () => {
  const { replica, storage } = device();
  replica.edit('tasks', 'a', {});
  const asked = [];
  let renewals = 0;
  const sync = online(replica, (what, body) => {
    asked.push(what);
    if (what === 'renew') return json({ clientId: 'old', user: 'u', token: `new${++renewals}` });
    if (replica.device.token === 'old') return json({ code: 'token_ended' }, 401);
    return what === 'push' ? verdicts(body, accepted) : nothing();
  });
  await until(() => sync.state === State.current);
  assert.deepEqual(asked, ['pull', 'renew', 'pull', 'push', 'pull']);
  assert.equal(replica.waiting, 0);
  assert.equal(replica.device.clientId, 'old');
  await replica.saved();
  assert.equal(JSON.parse(storage.disk.get('device')).token, 'new1');
  sync.stop();
});

test('a token that cannot be renewed loses no edit', async () => {
  for (const [answer, state] of [[() => json({ code: 'unauthorized' }, 401), State.unauthorized], [() => { throw new TypeError('offline'); }, State.unreachable]]) {
    const { replica } = device();
    replica.edit('tasks', 'a', {});
    const sync = online(replica, (what) => (what === 'renew' ? answer() : json({ code: 'token_ended' }, 401)));
    await until(() => sync.state === state);
    assert.equal(replica.waiting, 1);
    assert.equal(replica.device.token, 'old');
    sync.stop();
  }
});

test('a client ID of another user ends the sync, and loses no edit', async () => {
  const { replica } = device();
  replica.edit('tasks', 'a', {});
  const sync = online(replica, () => json({ code: 'client_taken' }, 403));
  await until(() => sync.state === State.otherUser);
  assert.equal(replica.waiting, 1);
  sync.stop();
});

test('a token that ends as soon as it is renewed is not renewed for ever', async () => {
  const { replica } = device();
  let renewals = 0;
  const sync = online(replica, (what) => {
    if (what === 'renew') renewals++;
    return what === 'renew' ? json({ token: 'new' }) : json({ code: 'token_ended' }, 401);
  });
  await until(() => sync.state === State.unauthorized);
  assert.equal(renewals, 1);
  sync.stop();
});
