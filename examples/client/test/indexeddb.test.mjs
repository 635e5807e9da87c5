// The store in IndexedDB, in Chromium, which is killed after a save.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0);

const page = (script) => `<!doctype html><meta charset="utf-8"><script type="module">
  const tell = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
  try {
    const { open } = await import('/store/indexeddb.js');
    const { locked } = await import('/store/lock.js');
    const store = await open('tasks');
    tell(await (async () => { ${script} })());
  } catch (error) {
    tell(String(error));
  }
</script>`;

/** run runs a script in a page, returns its result, and kills the browser at once. */
async function run(profile, script) {
  const told = withResolvers();
  const { server } = profile;
  const answer = async (request, response) => {
    if (request.url === '/result') {
      let text = '';
      for await (const part of request) text += part;
      told.resolve(JSON.parse(text));
    } else if (request.url.startsWith('/store/')) {
      response.setHeader('Content-Type', 'text/javascript');
      response.end(await readFile(new URL(`..${request.url}`, import.meta.url)));
    } else response.setHeader('Content-Type', 'text/html').end(page(script));
  };
  server.on('request', answer);
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile.folder}`];
  const browser = spawn(chromium, [...options, `http://127.0.0.1:${server.address().port}/`], { stdio: 'ignore', detached: true });
  const ended = new Promise((resolve) => browser.on('close', resolve));
  ended.then(() => told.reject(new Error('the browser has ended')));
  try {
    return await told.promise;
  } finally {
    process.kill(-browser.pid, 'SIGKILL');
    await ended;
    server.closeAllConnections();
    server.off('request', answer);
  }
}

function withResolvers() {
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}

test('the store in IndexedDB', { skip: chromium ? false : 'Chromium is not installed', timeout: 600_000 }, async (t) => {
  // A database belongs to an origin, so one server listens all the time.
  const profile = { folder: await mkdtemp(join(tmpdir(), 'fieldlww-')), server: createServer() };
  t.after(() => rm(profile.folder, { recursive: true, force: true, maxRetries: 10 }));
  t.after(() => profile.server.close());
  await new Promise((resolve) => profile.server.listen(0, '127.0.0.1', resolve));

  await t.test('keeps what was saved last', async () => {
    const script = `
      const before = await store.load();
      await store.save([['state', '1'], ['record/a\\0b', 'é'], ['outbox/1', 'x']]);
      store.save([['state', '2'], ['outbox/1', '']]);
      return [before, await store.load()];`;
    assert.deepEqual(await run(profile, script), [[], [['record/a\0b', 'é'], ['state', '2']]]);
  });

  await t.test('has it after the browser was killed', async () => {
    const script = `
      const before = await store.load();
      await store.save([['state', '3']]);
      return before;`;
    assert.deepEqual(await run(profile, script), [['record/a\0b', 'é'], ['state', '2']]);
    assert.deepEqual(await run(profile, 'return store.load();'), [['record/a\0b', 'é'], ['state', '3']]);
  });

  await t.test('stores nothing of a transaction that fails', async () => {
    const script = `
      const failed = await store.save([['state', '4'], ['record/c', () => {}]]).catch((error) => error.name);
      return [failed, await store.load()];`;
    assert.deepEqual(await run(profile, script), ['DataCloneError', [['record/a\0b', 'é'], ['state', '3']]]);
  });

  await t.test('is shared under a lock', async () => {
    const script = `
      let inside = 0, most = 0;
      const other = await open('tasks');
      await Promise.all([...'0123456789'].map((_, i) => locked('tasks', async () => {
        most = Math.max(most, ++inside);
        const tab = i % 2 ? other : store;
        const n = Number(new Map(await tab.load()).get('count') ?? 0);
        await tab.save([['count', String(n + 1)]]);
        inside--;
      })));
      const before = await store.version();
      const same = await other.version() === before;
      await other.save([['count', '11']]);
      const differs = await store.version() !== before;
      await other.close();
      return [most, new Map(await store.load()).get('count'), same, differs];`;
    assert.deepEqual(await run(profile, script), [1, '11', true, true]);
  });
});
