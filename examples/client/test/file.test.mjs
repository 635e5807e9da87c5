// The store in a file: what a process leaves that is killed in the middle of a save.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { open } from '../store/file.js';

async function inFolder(act) {
  const folder = await mkdtemp(join(tmpdir(), 'fieldlww-'));
  try {
    await act(join(folder, 'tasks.log'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function using(name, act) {
  const store = await open(name);
  try {
    return await act(store);
  } finally {
    await store.close();
  }
}

const load = async (name) => Object.fromEntries(await using(name, (store) => store.load()));

test('a cut-off transaction is not there, wherever it is cut, and the next one is', () =>
  inFolder(async (name) => {
    await using(name, async (store) => {
      await store.save([['a', '1'], ['b', '1']]);
      await store.save([['a', '2'], ['b', '']]);
    });
    const whole = await readFile(name);
    const start = whole.indexOf('\n') + 1;
    for (let end = start; end < whole.length; end++) {
      await writeFile(name, whole.subarray(0, end));
      assert.deepEqual(await load(name), { a: '1', b: '1' }, `cut at ${end}`);
      await using(name, (store) => store.save([['c', '3']]));
      assert.deepEqual(await load(name), { a: '1', b: '1', c: '3' }, `cut at ${end}`);
    }
  }));

test('a last line whose beginning is not on disk is not there', () =>
  inFolder(async (name) => {
    await using(name, async (store) => {
      await store.save([['a', '1']]);
      await store.save([['a', '2']]);
    });
    const bytes = await readFile(name);
    bytes.fill(0, bytes.indexOf('\n') + 1, bytes.length - 3);
    await writeFile(name, bytes);
    assert.deepEqual(await load(name), { a: '1' });
  }));

test('a damaged line before others is refused, and the file is kept', () =>
  inFolder(async (name) => {
    await using(name, async (store) => {
      await store.save([['a', 'secret']]);
      await store.save([['b', '2']]);
    });
    const bytes = await readFile(name);
    bytes[bytes.indexOf('secret')] ^= 1;
    await writeFile(name, bytes);
    await assert.rejects(open(name), (error) => error.reason === 'entry' && error.path === name && !error.message.includes('ecret'));
    assert.deepEqual(await readFile(name), bytes);
  }));

test('a killed process loses no finished save, and stores no transaction in part', { timeout: 600_000 }, () =>
  inFolder(async (name) => {
    // Each transaction writes the same number to all keys. Some logs are written again meanwhile.
    const program = `
      const { open } = await import(${JSON.stringify(new URL('../store/file.js', import.meta.url).href)});
      const store = await open(${JSON.stringify(name)});
      for (let n = Number(new Map(await store.load()).get('0') ?? 0) + 1; ; n++) {
        await store.save(Array.from({ length: 5 }, (_, i) => [String(i), String(n).padEnd(40000)]));
        console.log(n);
      }`;
    let told = 0;
    for (let round = 1; round <= 8; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => child.on('close', resolve));
      const target = told + 3 * round;
      for await (const text of child.stdout) {
        told = Math.max(told, ...String(text).trim().split('\n').map(Number));
        if (told >= target) child.kill('SIGKILL');
      }
      await ended;
      const stored = await load(name);
      const numbers = new Set(Object.values(stored).map(Number));
      assert.equal(numbers.size, 1, 'a transaction is stored in part');
      assert.ok([...numbers][0] >= told, 'a save is lost');
    }
  }));

test('a long log is written again', () =>
  inFolder(async (name) => {
    const text = '"é'.repeat(50_000);
    await using(name, async (store) => {
      await store.save([['kept', 'a']]);
      for (let i = 1; i <= 40; i++) await store.save([['state', `${text}${i}`], [`gone/${i}`, text], [`gone/${i - 1}`, '']]);
    });
    assert.ok((await stat(name)).size < 3_000_000, 'the log grows without bound');
    assert.ok(!(await readdir(join(name, '..'))).includes('tasks.log.new'), 'the log was not written again');
    assert.deepEqual(await load(name), { kept: 'a', state: `${text}40`, 'gone/40': text });
  }));

test('the beginning of a new log, left by a killed process, is not used', () =>
  inFolder(async (name) => {
    const text = 'a'.repeat(100_000);
    for (let i = 1; i <= 25; i++) {
      await writeFile(`${name}.new`, 'left\n');
      await using(name, (store) => store.save([['state', `${text}${i}`]]));
      assert.deepEqual(await load(name), { state: `${text}${i}` });
    }
  }));

test('after a save has failed, no later one is stored', () =>
  inFolder(async (name) => {
    const store = await open(name);
    await store.save([['a', '1']]);
    const failed = store.save([['a', 2n]]); // JSON has no such value
    const later = store.save([['a', '3']]);
    await assert.rejects(failed, TypeError);
    await assert.rejects(later, TypeError);
    await store.close();
    assert.deepEqual(await load(name), { a: '1' });
  }));
