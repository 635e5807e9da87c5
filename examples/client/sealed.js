// Sealed values: end-to-end encryption with WebCrypto. The README of examples/sealed describes their form, and what a
// server can still do. A Replica holds opened values. They are sealed on their way to the server, because only then
// is a stamp final.

import { isColumns, unpack } from './src/columns.js';
import { isObject, refuse } from './src/text.js';
import { readStamp } from './src/time.js';
import { canonical, checkValue, parse } from './src/value.js';

const TAG = new TextEncoder().encode('fieldlww/sealed/1\n');
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const CODE = /^[A-Za-z0-9_-]+$/;
const KEY_SIZE = 32;
const NONCE = 12; // bytes
const OVERHEAD = NONCE + 16;

/** openKeyring returns a Keyring; see sealed.d.ts. */
export async function openKeyring({ keys, current, plain = () => false }) {
  const k = { keys: new Map(), current };
  for (const id of Object.keys(keys)) k.keys.set(id, await importKey(id, keys[id]));
  if (!k.keys.has(current)) refuse('keys', String(current));
  return {
    seal: (at, value) => seal(k, at, value),
    open: (at, value) => open(k, at, value),
    isSecret: (table, field) => !field.startsWith('$') && !plain(table, field),
  };
}

function importKey(id, key) {
  if (!ID.test(id)) refuse('keys', JSON.stringify(id));
  if (key instanceof CryptoKey) return key;
  if (!(key instanceof Uint8Array) || key.length !== KEY_SIZE) refuse('keys', id);
  return crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** isSealed reports whether a value has the form of a sealed value. */
export const isSealed = (value) => split(value) !== null;

/** unopened returns why a value of a Replica was not opened, or '' if it was. */
export const unopened = (value) => (isObject(value) && Object.keys(value).length === 2 && 'was' in value && typeof value.unopened === 'string' ? value.unopened : '');

async function seal(k, at, value) {
  if (isSealed(value) || unopened(value)) refuse('value', pathOf(at));
  const text = textOf(at, () => (checkValue(value), canonical(value)));
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  const box = await crypto.subtle.encrypt(paramsOf(at, k.current, nonce), k.keys.get(k.current), new TextEncoder().encode(text));
  return ['sealed', 1, k.current, encode(nonce) + encode(new Uint8Array(box))]; // the code of a nonce has no unused bits
}

async function open(k, at, value) {
  const { id, box } = split(value) || refuse('unsealed', pathOf(at));
  const key = k.keys.get(id) || refuse('key', pathOf(at));
  const plain = await crypto.subtle.decrypt(paramsOf(at, id, box.subarray(0, NONCE)), key, box.subarray(NONCE))
    .catch(() => refuse('forged', pathOf(at)));
  let opened;
  const text = textOf(at, () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain));
  if (textOf(at, () => (checkValue(opened = parse(text)), canonical(opened))) !== text) refuse('value', pathOf(at));
  return opened;
}

function textOf(at, make) {
  try {
    return make();
  } catch {
    return refuse('value', pathOf(at));
  }
}

// paramsOf returns what AES-GCM is given: the associated data is the tag, and each text after its length in bytes, a
// number of 64 bits.
function paramsOf(at, keyId, iv) {
  const texts = [at.table, at.id, at.field, at.updatedAt, at.clientId, keyId].map((text) => new TextEncoder().encode(text));
  const data = new Uint8Array(texts.reduce((n, text) => n + 8 + text.length, TAG.length));
  const view = new DataView(data.buffer);
  data.set(TAG);
  let end = TAG.length;
  for (const text of texts) {
    view.setUint32(end + 4, text.length);
    data.set(text, end + 8);
    end += 8 + text.length;
  }
  return { name: 'AES-GCM', iv, additionalData: data };
}

// split returns the key ID and the bytes of a sealed value, or null.
function split(value) {
  const [word, version, id, code] = Array.isArray(value) && value.length === 4 ? value : [];
  if (word !== 'sealed' || version !== 1 || ![id, code].every((part) => typeof part === 'string')) return null;
  if (!ID.test(id) || !CODE.test(code) || code.length % 4 === 1) return null;
  const box = Uint8Array.from(atob(code.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  return box.length > OVERHEAD && encode(box) === code ? { id, box } : null; // otherwise it has unused bits
}

function encode(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

const pathOf = ({ table, id, field }) => [table, id, field].map((name) => (/^[\w$/-]{1,64}$/.test(name) ? name : JSON.stringify(name).slice(0, 66))).join('/');

const KEPT = 'app/sealed/';

/** sealedFetch returns a fetch for openRemote that seals what is pushed, and opens what is pulled; see sealed.d.ts. */
export function sealedFetch({ keyring, replica, saved, save, fetch = globalThis.fetch }) {
  const seals = new Map([...saved].filter(([key]) => key.startsWith(KEPT)));
  return async (url, options) => {
    if (/(^|\/)v1\/push\?/.test(url)) return fetch(url, { ...options, body: await sealBatch({ keyring, replica, seals, save }, options.body) });
    const answer = await fetch(url, options);
    return answer.ok && answer.body && /(^|\/)v1\/pull\?/.test(url) ? openedAnswer(keyring, answer) : answer;
  };
}

// sealBatch seals each value of a batch once, and keeps the sealed text until the edit is answered: another seal would
// be another write with the same stamp. An edit with a new stamp is sealed again.
async function sealBatch({ keyring, replica, seals, save }, text) {
  const fresh = new Map();
  const sealOnce = async (at, value) => {
    const key = keptAs(at);
    if (seals.has(key)) return JSON.parse(seals.get(key));
    const sealed = await keyring.seal(at, value);
    fresh.set(key, JSON.stringify(sealed));
    return sealed;
  };
  const lines = await Promise.all(text.split('\n').map((line) => changed(keyring, line, sealOnce)));
  const waiting = new Set(replica.outbox().flatMap((line) => placesIn(parse(line)).map(([at]) => keptAs(at))));
  const ended = [...seals.keys()].filter((key) => !waiting.has(key));
  if (fresh.size + ended.length > 0) await save([...ended.map((key) => [key, '']), ...fresh]);
  for (const key of ended) seals.delete(key);
  fresh.forEach((sealed, key) => seals.set(key, sealed));
  return lines.join('\n');
}

const keptAs = ({ table, id, field, updatedAt, clientId }) => `${KEPT}${JSON.stringify([table, id, field, updatedAt, clientId])}`;

// openedAnswer returns an answer to a pull with its values opened, line by line.
function openedAnswer(keyring, answer) {
  const openOrSay = (at, value) => keyring.open(at, value).catch((error) => {
    if (error.name !== 'FieldlwwError') throw error;
    return { unopened: error.reason, was: value };
  });
  let rest = '';
  const opened = new TransformStream({
    async transform(part, out) {
      rest += part;
      if (!part.includes('\n')) return;
      const lines = rest.split('\n');
      rest = lines.pop();
      const texts = await Promise.all(lines.map((line) => changed(keyring, line, openOrSay)));
      out.enqueue(`${texts.join('\n')}\n`);
    },
    async flush(out) {
      if (rest) out.enqueue(await changed(keyring, rest, openOrSay));
    },
  });
  const body = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(opened).pipeThrough(new TextEncoderStream());
  return new Response(body, { status: answer.status, headers: answer.headers });
}

// changed returns a line of a batch or of a pull with each secret value changed. A chunk of columns becomes lines of
// records. The Replica refuses a line that is cut off or has another form.
async function changed(keyring, line, change) {
  if (!line.includes('{')) return line;
  let row;
  try {
    row = parse(line);
  } catch {
    return line;
  }
  const rows = isColumns(row) ? unpack(row) : [row];
  const places = rows.flatMap(placesIn).filter(([at]) => keyring.isSecret(at.table, at.field));
  if (places.length === 0 && rows[0] === row) return line;
  await Promise.all(places.map(async ([at, w]) => {
    w.value = await change(at, w.value);
  }));
  return rows.map(canonical).join('\n');
}

// placesIn returns the place and the write of each value in a parsed record, or refuses it.
function placesIn(row) {
  if (!isObject(row) || !isObject(row.data)) return [];
  const { table, id, data } = row;
  return Object.keys(data).filter((field) => isObject(data[field]) && data[field].value !== undefined)
    .map((field) => [{ table, id, field, ...readStamp(data[field]) }, data[field]]);
}
