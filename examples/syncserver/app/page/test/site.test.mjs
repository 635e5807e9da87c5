// The server in the browser: its windows, and what happens when it cannot save or is replaced.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../site/connection.js';
import { Host } from '../site/host.js';
import { unpack } from '../site/unpack.js';

/** channels returns a function that makes channels. Each channel receives what the others send. */
function channels() {
  const all = [];
  return () => {
    const own = { postMessage: (data) => all.filter((other) => other !== own).forEach((other) => other.onmessage?.({ data: structuredClone(data) })) };
    all.push(own);
    return own;
  };
}

/** A Counter is a program whose only request adds one to what is stored. */
class Counter {
  #n = 0;
  open(entries) {
    this.#n = Number(entries[1] ?? 0);
  }
  serve(method, path, query, token, body) {
    if (path === 'v1/broken') return new Error('it is broken');
    if (path === 'v1/add') this.#n++;
    return { status: 200, time: 'now', body: JSON.stringify({ method, query, token, body, n: this.#n }), saves: path === 'v1/add' ? ['n', String(this.#n)] : [], seq: this.#n };
  }
}

/** A Disk stores entries, unless it is full. */
class Disk {
  entries = new Map();
  full = false;
  load = async () => [...this.entries];
  save = async (entries) => {
    if (this.full) throw new Error('full');
    for (const [key, value] of entries) this.entries.set(key, value);
  };
}

async function serve(channel, disk) {
  const host = new Host(channel, async () => new Counter(), disk);
  await host.open();
  channel.onmessage = ({ data }) => host.hear(data);
  host.announce();
  return host;
}

test('requests wait for a server, and are answered in their order', async () => {
  const channel = channels();
  const window = new Connection(channel());
  const first = window.fetch('v1/add?a=1&b=', { method: 'POST', headers: { Authorization: 'Bearer secret' }, body: 'text' });
  const second = window.fetch('v1/add');
  await serve(channel(), new Disk());
  const answer = await first;
  assert.equal(answer.headers.get('Server-Time'), 'now');
  assert.deepEqual(await answer.json(), { method: 'POST', query: ['a', '1', 'b', ''], token: 'secret', body: 'text', n: 1 });
  assert.equal((await (await second).json()).n, 2);
});

test('what cannot be stored is refused and forgotten', async () => {
  const channel = channels();
  const disk = new Disk();
  await serve(channel(), disk);
  const window = new Connection(channel());
  await window.fetch('v1/add');
  disk.full = true;
  assert.equal((await window.fetch('v1/add')).status, 503);
  disk.full = false;
  assert.equal((await (await window.fetch('v1/get')).json()).n, 1);
  assert.equal((await window.fetch('v1/broken')).status, 503);
  assert.equal((await (await window.fetch('v1/add')).json()).n, 2);
  assert.deepEqual([...disk.entries], [['n', '2']]);
});

test('no request is answered before what the earlier ones changed is stored', async () => {
  const channel = channels();
  const disk = new Disk();
  let stored;
  disk.save = () => new Promise((resolve) => (stored = resolve));
  await serve(channel(), disk);
  const window = new Connection(channel());
  let answered = 0;
  const asked = ['v1/add', 'v1/get'].map((path) => window.fetch(path).then(() => answered++));
  await new Promise(setImmediate);
  assert.equal(answered, 0);
  stored();
  await Promise.all(asked);
});

test('a server answers no request to another one', async () => {
  const channel = channels();
  await serve(channel(), new Disk());
  const window = channel();
  const heard = [];
  window.onmessage = ({ data }) => heard.push(data);
  window.postMessage({ ask: '1', to: 'another one', method: 'GET', path: 'v1/add', token: '', body: '' });
  await new Promise(setImmediate);
  assert.deepEqual(heard, []);
});

test('requests fail and streams end when the server moves to another window', async () => {
  const channel = channels();
  const disk = new Disk();
  const gone = channel();
  await serve(gone, disk);
  const window = new Connection(channel());
  const stream = (await window.fetch('v1/events')).body.getReader();
  await stream.read();
  gone.onmessage = undefined; // its window was closed
  const lost = assert.rejects(window.fetch('v1/add'), TypeError);
  const ended = assert.rejects(async () => {
    while (!(await stream.read()).done);
  }, TypeError);
  await new Promise(setImmediate);
  await serve(channel(), disk);
  await lost;
  await ended;
  assert.equal((await (await window.fetch('v1/add')).json()).n, 1);
});

test('all windows are told about a change on their streams', async () => {
  const channel = channels();
  await serve(channel(), new Disk());
  const windows = [new Connection(channel()), new Connection(channel())];
  const stream = (await windows[1].fetch('v1/events')).body.getReader();
  await stream.read();
  await windows[0].fetch('v1/add');
  assert.equal(new TextDecoder().decode((await stream.read()).value), 'data: 1\n\n');
});

test('an aborted request is rejected with the reason, before and after it is sent', async () => {
  const channel = channels();
  const window = new Connection(channel());
  for (let sent = 0; sent < 2; sent++) {
    const abort = new AbortController();
    const asked = window.fetch('v1/get', { signal: abort.signal });
    abort.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
    await assert.rejects(window.fetch('v1/get', { signal: abort.signal }), /enough/);
    channel().postMessage({ up: 'a server that does not answer', seq: 0 });
  }
});

test('a server that cannot start says why', async () => {
  const channel = channels();
  const window = new Connection(channel());
  const asked = window.fetch('v1/get');
  channel().postMessage({ failed: 'no space' });
  await assert.rejects(asked, /no space/);
});

test('a program is unpacked unless the file server has named its coding', async () => {
  const packed = new Response(new Blob(['program']).stream().pipeThrough(new CompressionStream('gzip')));
  for (const answer of [packed, new Response('program')]) {
    const unpacked = await unpack('address', async () => answer);
    assert.equal(await unpacked.text(), 'program');
    assert.equal(unpacked.headers.get('Content-Type'), 'application/wasm');
  }
  assert.equal((await unpack('address', async () => new Response('', { status: 404 }))).status, 404);
});
