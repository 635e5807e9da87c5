// The worker in which the server of this browser runs. Each window has such a worker, and the one that gets the lock is
// the server until its window is closed.

import { Storage } from '../static/storage.js';
import { Host } from './host.js';
import { unpack } from './unpack.js';

const BEAT = 10_000; // milliseconds after which the server says that it is there
const AGAIN = 5_000; // milliseconds until the next attempt to start

const channel = new BroadcastChannel('fieldlww-server');

/** start runs an instance of the program, and returns its functions. */
async function start() {
  await import('./wasm_exec.js');
  globalThis.fieldlww ??= {};
  const go = new globalThis.Go();
  go.argv = ['replica', 'server'];
  const answer = await unpack(new URL('replica.wasm.gz', import.meta.url));
  if (!answer.ok) throw new Error(`The program of the server could not be loaded: status ${answer.status}.`);
  const { instance } = await WebAssembly.instantiateStreaming(answer, go.importObject);
  go.run(instance);
  return globalThis.fieldlww.server;
}

/** serve answers requests until the window is closed. */
async function serve() {
  const host = new Host(channel, start, await Storage.open('fieldlww-server'));
  for (;;) {
    try {
      await host.open();
      break;
    } catch (error) {
      channel.postMessage({ failed: `The server in this browser cannot start. ${error.message}` });
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
  channel.onmessage = ({ data }) => host.hear(data);
  host.announce();
  setInterval(() => host.announce(), BEAT);
  return new Promise(() => {}); // keeps the lock
}

navigator.locks.request('fieldlww-server', serve);
