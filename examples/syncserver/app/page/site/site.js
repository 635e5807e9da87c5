// The page as a static site: the server runs in the browser too. It must connect before the page sends its first request.

import { Connection } from './connection.js';
import { PROGRAM, unpack } from './unpack.js';

if (isSecureContext && navigator.locks) {
  const server = new Connection(new BroadcastChannel('fieldlww-server'));
  const network = globalThis.fetch.bind(globalThis);
  globalThis.fetch = (address, options) => {
    if (address === 'page/replica.wasm') return unpack(PROGRAM, network);
    return String(address).startsWith('v1/') ? server.fetch(address, options) : network(address, options);
  };
  new Worker('page/server.js', { type: 'module' });
  document.documentElement.dataset.history = 'none'; // this server keeps no journal
  document.querySelector('.top p')?.append(' The server runs in this browser too.');
  import('../static/main.js');
} else {
  document.getElementById('loading').textContent =
    'This page runs its server in the browser, which needs a secure connection: open it over https:// or from localhost.';
}
