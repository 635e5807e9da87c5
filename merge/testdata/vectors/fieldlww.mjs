// The rule of fieldlww in JavaScript: field by field, the greater write wins. Copy this file into a client; it has no
// dependencies (Node 20, browsers since 2023).
// A write is { deleted, value, time, client }: value is canonical JSON text ("" for a deletion), time is Unix
// nanoseconds as a BigInt, client is a lower-case UUID. A record is a Map from field name to write.

/** Throws the error with which every function here refuses input. One word gives the reason; the message never
 * contains the input. */
const refuse = (reason) => { throw Object.assign(new Error(`fieldlww: refused: ${reason}`), { reason }); };

// ---- Stamps: text on the wire, a BigInt in memory, because a Number cannot hold the nanoseconds.

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)$/;
const UUID = /^(?![-0]+$)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i; // the nil UUID is not a valid client ID
const MAX_TIME = 9_223_286_399_999_999_999n; // 2262-04-10T23:59:59.999999999Z

export function parseTime(text) {
  const [, whole, fraction = ""] = TIME.exec(text) ?? refuse("stamp");
  const date = new Date(`${whole}Z`); // only whole seconds: Date drops the counter; it also reads 30 February as 2 March
  if (isNaN(date) || date.toISOString().slice(0, 19) !== whole) refuse("stamp");
  const time = BigInt(date.getTime()) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
  return time >= 1n && time <= MAX_TIME ? time : refuse("stamp");
}

/** Always thirty bytes: the millisecond as Date writes it, then the counter in six more digits. */
export const formatTime = (time) =>
  `${new Date(Number(time / 1_000_000n)).toISOString().slice(0, 23)}${String(time % 1_000_000n).padStart(6, "0")}Z`;

/** Lower case, so that the order of the texts is the order of the sixteen unsigned bytes. */
export const parseClient = (text) => (UUID.test(text) ? text.toLowerCase() : refuse("client"));

// ---- Strict JSON. JSON.parse rounds integers beyond 2^53 and lets the last of two equal names win.

const STRING = String.raw`"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;
const TOKEN = String.raw`[ \t\n\r]*(${STRING}|${NUMBER}|true|false|null|[[\]{}:,]|$)`;
class Literal { constructor(text) { this.text = text; } } // a number in its original spelling

/** Reads one document into Map, array, string, boolean, null or Literal. */
export function parse(text) {
  const scanner = new RegExp(TOKEN, "y");
  const next = () => (scanner.exec(text) ?? refuse("syntax"))[1]; // "" at the end
  let depth = 0;
  const list = (close, item) => {
    if (++depth > 1000) refuse("limit"); // before the stack of the host overflows
    let token = next();
    if (token !== close) for (item(token); (token = next()) !== close; item(next())) if (token !== ",") refuse("syntax");
    depth--;
  };
  const member = (map, token) => {
    const name = token[0] === '"' ? value(token) : refuse("syntax");
    if (map.has(name)) refuse("duplicate");
    if (next() !== ":") refuse("syntax");
    map.set(name, value(next()));
  };
  const value = (token) => {
    if (token === "{") { const map = new Map(); list("}", (first) => member(map, first)); return map; }
    if (token === "[") { const array = []; list("]", (first) => array.push(value(first))); return array; }
    if (/^[-\d]/.test(token)) return new Literal(token);
    if (/^[\]}:,]?$/.test(token)) refuse("syntax");
    const scalar = JSON.parse(token); // exact for a single word or string
    return scalar?.isWellFormed?.() === false ? refuse("utf8") : scalar;
  };
  const document = value(next());
  return next() === "" ? document : refuse("syntax");
}

// ---- Canonical text. Values are equal if their canonical texts are, and are ordered by the UTF-8 bytes of these.

export function canonical(node) {
  if (node instanceof Literal) return canonicalNumber(node.text);
  if (Array.isArray(node)) return `[${node.map(canonical).join(",")}]`;
  return node instanceof Map ? encodeMembers(node, canonical) : JSON.stringify(node);
}

function encodeMembers(map, encode) {
  const names = [...map.keys()].sort(compareText);
  return `{${names.map((name) => `${JSON.stringify(name)}:${encode(map.get(name))}`).join(",")}}`;
}

/** An integer that fits 64 bits keeps every digit, in any spelling; any other number becomes the nearest double. */
function canonicalNumber(literal) {
  if (literal.length > 1000) refuse("limit");
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e(.+))?$/i.exec(literal);
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const double = Number(literal);
  if (double === 0 || !Number.isFinite(double)) refuse("number");
  const zeros = Number(exponent) - fraction.length + digits.length - significant.length;
  const integers = Number.isInteger(double) ? [BigInt(double)] : [];
  if (zeros >= 0 && significant.length + zeros <= 19) integers.unshift(BigInt(sign + significant + "0".repeat(zeros)));
  return String(integers.find((integer) => BigInt.asIntN(64, integer) === integer) ?? double);
}

/** The order of UTF-8 bytes. `<` compares UTF-16, where the surrogates of U+10000 are below U+FFFF. */
export function compareText(a, b) {
  const rank = (unit) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
  let i = 0; while (i < a.length && a[i] === b[i]) i++;
  return i < a.length && i < b.length ? rank(a.charCodeAt(i)) - rank(b.charCodeAt(i)) : a.length - b.length;
}

// ---- The wire forms, read from the output of parse. Unknown members of a write are skipped; unknown fields are kept.

const MEMBERS = ["value", "deleted", "updatedAt", "clientId"];
const isVariant = (name) => MEMBERS.some((known) => known !== name && known.toLowerCase() === name.toLowerCase());

export function readWrite(node) {
  if (!(node instanceof Map)) refuse("type");
  if ([...node.keys()].some(isVariant)) refuse("name");
  const [value, deleted, updatedAt, clientId] = MEMBERS.map((name) => node.get(name));
  if (deleted === undefined ? value === undefined : deleted !== true || value !== undefined) refuse("kind");
  if (updatedAt === undefined || clientId === undefined) refuse("missing");
  if (typeof updatedAt !== "string" || typeof clientId !== "string") refuse("type");
  const stamp = { time: parseTime(updatedAt), client: parseClient(clientId) };
  return deleted ? { deleted, value: "", ...stamp } : { deleted: false, value: canonical(value), ...stamp };
}

export const encodeWrite = ({ deleted, value, time, client }) =>
  `{${deleted ? '"deleted":true' : `"value":${value}`},"updatedAt":"${formatTime(time)}","clientId":"${client}"}`;

/** The rule for tables, ids and field names. */
export function checkName(name) {
  const bytes = new TextEncoder().encode(name).length;
  return bytes >= 1 && bytes <= 1024 && !name.includes("\0") && name !== "__proto__" ? name : refuse("name");
}

export function readRecord(node) {
  if (!(node instanceof Map)) refuse("type");
  const record = new Map([...node].map(([name, write]) => [checkName(name), readWrite(write)]));
  return ["true", "false", undefined].includes(record.get("$deleted")?.value) ? record : refuse("type");
}
export const encodeRecord = (record) => encodeMembers(record, encodeWrite);
export const isDeleted = (record) => record.get("$deleted")?.value === "true";

// ---- The rule: time, then client, then a deletion over a value, then canonical bytes.

export function decide(a, b) { // order: above 0 if a wins, below 0 if b wins, 0 if the writes are equal
  const order = (x, y) => (x > y) - (x < y);
  const [time, client, kind] = [order(a.time, b.time), order(a.client, b.client), order(a.deleted, b.deleted)];
  const steps = { time, client, kind, value: compareText(a.value, b.value) };
  const step = Object.keys(steps).find((name) => steps[name] !== 0) ?? "equal";
  return { step, order: steps[step] ?? 0 };
}
export const join = (a, b) => (decide(a, b).order < 0 ? b : a);

export function joinRecords(a, b) {
  const joined = new Map(a);
  for (const [name, write] of b) joined.set(name, a.has(name) ? join(a.get(name), write) : write);
  return joined;
}

// ---- Purging: the normal form of a record under a fence, a time at or below which deleted data may be gone.

export function purge(record, fence, level) {
  const isOld = ([, write]) => write.time <= fence;
  const isKept = (entry) => !entry[1].deleted || !isOld(entry);
  const all = [...record];
  if (isDeleted(record) && all.every(isOld)) return new Map(level === 2 ? [] : all.filter(([name]) => name === "$deleted"));
  const kept = all.filter(isKept);
  if (kept.length > 0 || all.length === 0) return new Map(kept);
  const before = ([n, a], [m, b]) => compareText(`${b.client}`, `${a.client}`) || compareText(n, m);
  return new Map(all.sort((x, y) => (x[1].time === y[1].time ? before(x, y) : x[1].time < y[1].time ? 1 : -1)).slice(0, 1));
}

// ---- Erasing, which only servers do: two fields with one stamp above the record take the place of all others.

export const isErased = (record) => isDeleted(record) && record.get("$erased")?.value === "true";

/** Without a time, the erasure is new. With a time, it is repeated, after the server was restored from a backup. */
export function erase(record, { time, client }) {
  const all = [...record.values()];
  const isOwn = (write) => write === record.get("$deleted") && write.value === "true" && write.time === time && write.client === client;
  const greatest = all.reduce((most, write) => (write.time > most && !isOwn(write) ? write.time : most), 0n);
  const isForm = isErased(record) && all.length === 2 && decide(all[0], all[1]).order === 0;
  const isLater = time !== undefined && all.length > 0 && all.every((write) => write.time > time); // a later life
  if (isLater || isForm && greatest >= (time ?? 0n)) return record;
  if (time === undefined && all.length === 0) refuse("stamp"); // there is nothing to erase
  const write = { deleted: false, value: "true", time: time > greatest ? time : greatest + 1n, client };
  return new Map([["$deleted", write], ["$erased", write]]);
}
