// A store in a file, for Node. The file is a log: each line is a transaction, a checksum and a JSON array of entries.
// A process that is killed during a save leaves a last line that is incomplete, which the next open removes. A log
// much longer than its entries is replaced by a new file, which is renamed when it is on disk.
//
// Only one process at a time may open a file.

import { createHash } from 'node:crypto';
import { open as openFile, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

import { refuse } from '../src/text.js';

const SUM = 16; // digits of a checksum
const SPARE = 1 << 20; // bytes by which a log may be longer than twice what it stores
const PART = 1000; // entries in a line of a log that was written again

const sumOf = (text) => createHash('sha256').update(text).digest('hex').slice(0, SUM);

function encode(entries) {
  const text = JSON.stringify(entries);
  return `${sumOf(text)} ${text}\n`;
}

// decode returns the entries of a line, or null if it is not as it was written.
function decode(line) {
  const text = line.slice(SUM + 1);
  return line[SUM] === ' ' && line.slice(0, SUM) === sumOf(text) ? JSON.parse(text) : null;
}

function apply(stored, entries) {
  for (const [key, text] of entries) {
    if (text === '') stored.delete(key);
    else stored.set(key, text);
  }
}

/**
 * open opens a file, and creates it if it does not exist; see store.d.ts. It refuses a file that is damaged before its
 * last line, for the reason "entry". After a save has failed, all later ones fail with the same error: open the file
 * and the Replica again.
 * @param {string} name the path of the file
 * @returns {Promise<import('./store.js').Store>}
 */
export async function open(name) {
  const { stored, length } = read(await readFile(name).catch(missing), name);
  const log = { name, stored, length, saves: 0, live: sizeOf(stored), file: await openFile(name, 'a') };
  await log.file.truncate(length); // removes an incomplete line
  await log.file.sync();
  await syncFolder(name);
  let saved = Promise.resolve();
  return {
    load: () => saved.then(() => [...stored]),
    save(entries) {
      const copy = [...entries]; // a later change of the array must not be stored
      saved = saved.then(() => append(log, copy));
      return saved;
    },
    version: () => saved.then(() => String(log.saves)),
    close: () => saved.catch(() => {}).then(() => log.file.close()),
  };
}

function missing(error) {
  if (error.code !== 'ENOENT') throw error;
  return Buffer.alloc(0);
}

// read returns the entries of a log, and the length of its complete lines.
function read(bytes, name) {
  const stored = new Map();
  let length = 0;
  for (let end; (end = bytes.indexOf(10, length)) >= 0; length = end + 1) {
    const entries = decode(bytes.toString('utf8', length, end));
    if (entries) apply(stored, entries);
    else if (end === bytes.length - 1) break; // its end reached the disk before the rest
    else refuse('entry', name);
  }
  return { stored, length };
}

async function append(log, entries) {
  if (entries.length === 0) return;
  const line = Buffer.from(encode(entries));
  await log.file.writeFile(line);
  await log.file.datasync();
  log.length += line.length;
  log.saves++;
  apply(log.stored, entries);
  if (log.length > 2 * log.live + SPARE) await rewrite(log);
}

async function rewrite(log) {
  const all = [...log.stored];
  const next = `${log.name}.new`;
  const file = await openFile(next, 'w');
  try {
    log.length = 0;
    for (let i = 0; i < all.length; i += PART) {
      const line = Buffer.from(encode(all.slice(i, i + PART)));
      await file.writeFile(line);
      log.length += line.length;
    }
    await file.sync();
    await rename(next, log.name);
    await syncFolder(log.name);
  } catch (error) {
    await file.close();
    throw error;
  }
  const old = log.file;
  Object.assign(log, { file, live: log.length });
  await old.close();
}

const sizeOf = (stored) => [...stored].reduce((size, entry) => size + Buffer.byteLength(JSON.stringify(entry)), 0);

// A new name of a file is on disk when its folder is. Windows cannot open folders.
async function syncFolder(name) {
  if (process.platform === 'win32') return;
  const folder = await openFile(dirname(name), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
