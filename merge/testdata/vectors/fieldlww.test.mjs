// Runs the vectors in this folder against fieldlww.mjs: node --test merge/testdata/vectors/fieldlww.test.mjs

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import * as lww from "./fieldlww.mjs";

const folder = new URL(".", import.meta.url);

// ---- Reading the texts of a case.

/** A text is a string, { repeat: [string, times] }, an array of texts to concatenate, or { hex } for raw bytes. */
function textOf(text) {
  if (typeof text === "string") return text;
  if (Array.isArray(text)) return text.map(textOf).join("");
  if (text.repeat) return text.repeat[0].repeat(text.repeat[1]);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(text.hex, "hex"));
  } catch (error) {
    throw Object.assign(error, { reason: "utf8" });
  }
}

const canonicalOf = (text) => lww.canonical(lww.parse(textOf(text)));
const writeOf = (text) => lww.readWrite(lww.parse(textOf(text)));
const recordOf = (text) => lww.readRecord(lww.parse(textOf(text)));
const bytesOf = (text) => Buffer.from(text, "utf8");

function kindOf({ deleted, value }) {
  if (deleted) return "deleted";
  const kinds = { n: "null", t: "bool", f: "bool", '"': "string", "[": "composite", "{": "composite" };
  return kinds[value[0]] ?? "number";
}

// ---- The digest: the sum modulo 2^256, over all fields, of a hash of the key, the field name and the write.

async function digestOf(records) {
  let sum = 0n;
  for (const { table, id, record } of records) {
    for (const [name, write] of record) {
      const hash = await crypto.subtle.digest("SHA-256", hashInput([table, id, name, lww.encodeWrite(write)]));
      sum += BigInt(`0x${Buffer.from(hash).toString("hex")}`);
    }
  }
  return BigInt.asUintN(256, sum).toString(16).padStart(64, "0");
}

/** The domain tag, then each text, preceded by its length in bytes as a big-endian unsigned 64-bit number. */
function hashInput(texts) {
  const parts = texts.flatMap((text) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(Buffer.byteLength(text)));
    return [length, Buffer.from(text)];
  });
  return Buffer.concat([Buffer.from("fieldlww/digest/1\n"), ...parts]);
}

// ---- The claim of each section.

/** Checks that an input is accepted, and that its canonical form is read as itself. */
function accepts(read, input, want) {
  assert.equal(read(input), want);
  assert.equal(read(want), want, "the canonical form is not read as itself");
}

function refuses(read, input, reason) {
  assert.throws(() => read(input), (error) => {
    assert.equal(error.reason, reason, error.stack);
    return true;
  });
}

/** Compares all pairs, not only neighbours, in both orders, and each item with itself. */
function ascends(items, compare) {
  assert.ok(items.length > 1);
  items.forEach((a, i) => items.forEach((b, j) => {
    assert.equal(Math.sign(compare(a, b)), Math.sign(i - j), `item ${i} with item ${j}`);
  }));
}

const sign = (a, b) => (a > b ? 1 : a < b ? -1 : 0);
const stamped = (time, client) => ({ deleted: false, value: "0", time, client });
const compareWrites = (a, b) => lww.decide(a, b).order;

/** A second implementation of the rule: a sort key whose parts have fixed widths, so that its bytes decide. */
function sortKey({ time, client, deleted, value }) {
  return bytesOf(`${lww.formatTime(time)}${client}${Number(deleted)}${value}`);
}

function timeCase({ in: input, text, ns, refused }) {
  if (refused) return refuses(lww.parseTime, input, refused);
  accepts((time) => lww.formatTime(lww.parseTime(time)), input, text);
  assert.equal(lww.parseTime(input), BigInt(ns));
}

function clientCase({ in: input, text, refused }) {
  if (refused) return refuses(lww.parseClient, input, refused);
  accepts(lww.parseClient, input, text);
}

function timeOrderCase({ ascending }) {
  const times = ascending.map(lww.parseTime);
  const client = "55555555-5555-4555-8555-555555555555";
  ascends(times, sign);
  ascends(times.map(lww.formatTime), sign);
  ascends(times.map((time) => stamped(time, client)), compareWrites);
}

function clientOrderCase({ ascending }) {
  const clients = ascending.map(lww.parseClient);
  ascends(clients.map((client) => Buffer.from(client.replaceAll("-", ""), "hex")), Buffer.compare);
  ascends(clients.map((client) => stamped(1n, client)), compareWrites);
}

function valueCase({ in: input, canonical, refused }) {
  if (refused) return refuses(canonicalOf, input, refused);
  accepts(canonicalOf, input, canonical);
}

function valueOrderCase({ ascending }) {
  const values = ascending.map(canonicalOf);
  ascends(values, lww.compareText);
  ascends(values.map(bytesOf), Buffer.compare);
}

function tieCase({ a, b, winner, step }) {
  const [x, y] = [writeOf(a), writeOf(b)];
  const order = { a: 1, b: -1, both: 0 }[winner];
  const decided = ([one, two]) => { const d = lww.decide(one, two); return [d.step, Math.sign(d.order)]; };
  assert.deepEqual(decided([x, y]), [step, order]);
  assert.deepEqual(decided([y, x]), [step, 0 - order]);
  assert.equal(Buffer.compare(sortKey(x), sortKey(y)), order);
  const won = lww.encodeWrite(winner === "b" ? y : x);
  assert.equal(lww.encodeWrite(lww.join(x, y)), won);
  assert.equal(lww.encodeWrite(lww.join(y, x)), won);
}

function writeCase({ in: input, kind, canonical, refused }) {
  if (refused) return refuses(writeOf, input, refused);
  accepts((text) => lww.encodeWrite(writeOf(text)), input, canonical);
  assert.equal(kindOf(writeOf(input)), kind);
}

function apartCase({ record, field, kind, value }) {
  const write = recordOf(record).get(field);
  assert.equal(write ? kindOf(write) : "absent", kind);
  assert.equal(write?.value || undefined, value);
}

function deletedCase({ in: input, canonical, deleted, refused }) {
  if (refused) return refuses(recordOf, input, refused);
  accepts((text) => lww.encodeRecord(recordOf(text)), input, textOf(canonical));
  assert.equal(lww.isDeleted(recordOf(input)), deleted);
}

function joinCase({ a, b, want }) {
  const [x, y] = [recordOf(a), recordOf(b)];
  const joined = lww.joinRecords(x, y);
  for (const again of [joined, lww.joinRecords(y, x), lww.joinRecords(joined, x), lww.joinRecords(y, joined)]) {
    assert.equal(lww.encodeRecord(again), textOf(want));
  }
  assert.equal(lww.encodeRecord(recordOf(want)), textOf(want));
  return joined;
}

async function keyedJoinCase({ table, id, digest, ...join }) {
  assert.equal(await digestOf([{ table, id, record: joinCase(join) }]), digest);
}

function* permutations(items) {
  if (items.length === 0) yield [];
  for (const [i, first] of items.entries()) {
    for (const rest of permutations(items.toSpliced(i, 1))) yield [first, ...rest];
  }
}

async function foldCase({ table, id, records, want, digest }) {
  for (const order of permutations(records.map(recordOf))) {
    const left = order.reduce(lww.joinRecords);
    const right = order.reduceRight((joined, record) => lww.joinRecords(record, joined));
    assert.equal(lww.encodeRecord(left), textOf(want));
    assert.equal(lww.encodeRecord(right), textOf(want));
    assert.equal(await digestOf([{ table, id, record: left }]), digest);
  }
}

async function digestCase({ records, digest }) {
  const read = records.map(({ record, ...key }) => ({ ...key, record: recordOf(record) }));
  assert.equal(await digestOf(read), digest);
}

async function purgeCase({ in: input, fence, level1, level2, digest }) {
  const at = lww.parseTime(fence);
  const read = recordOf(input);
  const [first, second] = [1, 2].map((level) => lww.purge(read, at, level));
  for (const [purged, want] of [[first, level1], [second, level2]]) assert.equal(lww.encodeRecord(purged), textOf(want));
  assert.equal(lww.encodeRecord(lww.purge(first, at, 2)), textOf(level2), "level 1 purged at level 2");
  assert.equal(await digestOf([{ table: "tasks", id: "1", record: second }]), digest);
}

function eraseCase({ in: input, at, client, want }) {
  const [read, stamp] = [recordOf(input), { time: at && lww.parseTime(at), client: lww.parseClient(client) }];
  const erased = lww.erase(read, stamp);
  assert.equal(lww.encodeRecord(erased), textOf(want));
  assert.equal(lww.encodeRecord(lww.erase(erased, stamp)), textOf(want), "erased twice");
  assert.equal(lww.isErased(erased), erased.has("$erased"));
}

/** Tables, IDs and field names follow one rule; the decoder of records applies it to field names. */
function nameCase({ in: input, bytes, refused }) {
  const stamp = '"updatedAt":"2026-11-22T16:57:17.123Z","clientId":"7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234"';
  const asField = (text) => recordOf(`{${JSON.stringify(textOf(text))}:{"value":true,${stamp}}}`);
  const asName = (text) => lww.checkName(textOf(text));
  if (refused) return [asName, asField].forEach((read) => refuses(read, input, refused));
  assert.equal(Buffer.byteLength(asName(input)), bytes);
  assert.ok(asField(input).has(textOf(input)));
}

const allEqual = ({ same }) => assert.equal(new Set(same.map(canonicalOf)).size, same.length > 1 ? 1 : NaN);
const allDifferent = ({ values }) => assert.equal(new Set(values.map(canonicalOf)).size, values.length);

// ---- The files. A section lists the members that its cases may have, so that no member is skipped silently.

const VALUES = { members: ["in canonical", "in refused"], run: valueCase };
const FILES = {
  "stamps.json": {
    times: { members: ["in text ns", "in refused"], run: timeCase },
    timeOrder: { members: ["ascending"], run: timeOrderCase },
    clients: { members: ["in text", "in refused"], run: clientCase },
    clientOrder: { members: ["ascending"], run: clientOrderCase },
  },
  "values.json": {
    numbers: VALUES, strings: VALUES, composites: VALUES, documents: VALUES,
    order: { members: ["ascending"], run: valueOrderCase },
    equal: { members: ["same"], run: allEqual },
    different: { members: ["values"], run: allDifferent },
  },
  "ties.json": { ties: { members: ["a b winner step"], run: tieCase } },
  "kinds.json": {
    fields: { members: ["in kind canonical", "in refused"], run: writeCase },
    apart: { members: ["record field kind value", "record field kind"], run: apartCase },
  },
  "deleted.json": {
    joins: {
      members: ["a b want deleted"],
      run: ({ deleted, ...join }) => assert.equal(lww.isDeleted(joinCase(join)), deleted),
    },
    records: { members: ["in canonical deleted", "in refused"], run: deletedCase },
  },
  "records.json": {
    joins: { members: ["table id a b want digest"], run: keyedJoinCase },
    folds: { members: ["table id records want digest"], run: foldCase },
    refused: { members: ["in refused"], run: ({ in: input, refused }) => refuses(recordOf, input, refused) },
    digests: { members: ["records digest"], run: digestCase },
  },
  "names.json": { names: { members: ["in bytes", "in refused"], run: nameCase } },
  "purge.json": {
    purges: { members: ["in fence level1 level2 digest"], run: purgeCase },
    erasures: { members: ["in client want", "in at client want"], run: eraseCase },
  },
};

const REASONS = "syntax utf8 duplicate number limit name type kind missing stamp client".split(" ");

test("every vector file is run", () => {
  const found = readdirSync(folder).filter((name) => name.endsWith(".json"));
  // fieldlww.mjs is only the rule. The tests of examples/client run the files that are left out here.
  const OF_CLIENTS = ["answers.json", "clock.json", "columns.json", "outbox.json", "restamp.json"];
  assert.deepEqual(found.filter((name) => !OF_CLIENTS.includes(name)).sort(), Object.keys(FILES).sort());
});

for (const [file, sections] of Object.entries(FILES)) {
  const text = readFileSync(new URL(file, folder), "utf8");
  const content = JSON.parse(text); // exact: every number that could lose digits is inside a string

  test(`${file}: form`, () => {
    lww.parse(text); // refuses duplicate members
    assert.match(text, /^[\n -~]*$/, "a vector file is ASCII");
    assert.deepEqual(Object.keys(content).sort(), ["about", ...Object.keys(sections)].sort());
    for (const section of Object.keys(sections)) checkForm(content[section], sections[section].members);
  });
  for (const [section, { run }] of Object.entries(sections)) {
    for (const vector of content[section]) test(`${file} ${section}: ${vector.name}`, () => run(vector));
  }
}

function checkForm(cases, allowed) {
  assert.ok(Array.isArray(cases) && cases.length > 0, "the section has no cases");
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length, "two cases have the same name");
  for (const { name, ...members } of cases) {
    assert.ok(name && allowed.includes(Object.keys(members).join(" ")), `${name}: members ${Object.keys(members)}`);
    assert.ok(members.refused === undefined || REASONS.includes(members.refused), `${name}: reason ${members.refused}`);
  }
}

test("unbounded nesting is refused and does not crash the decoder", () => {
  refuses(canonicalOf, { repeat: ["[", 1_000_000] }, "limit");
  refuses(canonicalOf, { repeat: ['{"a":', 1_000_000] }, "limit");
});

test("kinds.json apart: no two records are equal", () => {
  const { apart } = JSON.parse(readFileSync(new URL("kinds.json", folder), "utf8"));
  assert.equal(new Set(apart.map(({ record }) => lww.encodeRecord(recordOf(record)))).size, apart.length);
});
