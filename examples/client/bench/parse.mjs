// Measures how long the client takes to read a pull, and how long JSON.parse takes for the same lines:
// node bench/parse.mjs [FILE], where FILE has lines of records. It fails if the client takes more than 3 times as long
// in each of 5 rounds: other load on the machine may spoil a round.

import { readFileSync } from 'node:fs';
import { readChunks } from '../src/chunk.js';

const WORDS = 'paint the fence order red oil for a gate before spring call Ana about her brushes and ladders'.split(' ');
let state = 1;
const random = (n) => (state = (state * 48271) % 2147483647) % n;
const words = (n) => Array.from({ length: n }, () => WORDS[random(WORDS.length)]).join(' ');
const clients = Array.from({ length: 75 }, (_, i) => `${String(i).padStart(8, '0')}-7d03-4b4c-9ca0-1f4f7a7f8a5e`);
const stamp = () => ({ updatedAt: new Date(1.77e12 + random(2e9) * 5).toISOString().replace('Z', '000000Z'), clientId: clients[random(75)] });

function generated() {
  const lines = Array.from({ length: 5000 }, (_, i) => JSON.stringify({
    seq: i + 1, table: 'tasks', id: `018f-${i}`,
    data: Object.fromEntries(['title', 'notes', 'status', 'due', 'assignee', 'points', 'project', 'done'].map((name, n) => [name, { value: n === 1 ? words(30) : n === 5 ? random(9) : words(3), ...stamp() }])),
  }));
  return lines.join('\n');
}

const body = `${process.argv[2] ? readFileSync(process.argv[2], 'utf8').trim() : generated()}\n{"cursor":"e.1"}\n`;
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
const ROUNDS = 5;
const LIMIT = 3;

function timeOf(act) {
  const began = performance.now();
  act();
  return performance.now() - began;
}

function measure() {
  const times = { parse: [], read: [] };
  for (let i = 0; i < 5; i++) { // in turns, so that other load slows both
    times.parse.push(timeOf(() => body.split('\n').forEach((line) => line && JSON.parse(line))));
    times.read.push(timeOf(() => readChunks({ shared: new Map() }, body)));
  }
  const [parse, read] = [median(times.parse), median(times.read)];
  console.log(`JSON.parse ${parse.toFixed(1)} ms, the client ${read.toFixed(1)} ms, ratio ${(read / parse).toFixed(1)}`);
  return read / parse;
}

let round = 1;
while (measure() > LIMIT) if (round++ === ROUNDS) process.exit(1);
