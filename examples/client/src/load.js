// Reading what was saved.

import { isCount, isText, reading, refuse } from './text.js';
import { ENDLESS, LAST, earlier, later, msOf, parseClient, parseTime, readStamp } from './time.js';
import { parse, parseExactly } from './value.js';
import { newest, readRecord } from './record.js';
import { findOrAdd, heldOf, whysOf } from './held.js';
import { reader } from './write.js';
import { newItem, put, waiting } from './outbox.js';
import { overlay } from './overlay.js';
import { heldForm, names, readKey, readSeen } from './chunk.js';
import { startOver } from './reset.js';
import { newestKnown } from './clock.js';
import { restampWaiting } from './restamp.js';
import { compare } from './why.js';

/** load reads the saved entries, and ignores entries of the app. It refuses an unreadable one, with its key as the path. */
export function load(r, saved) {
  const items = { 'outbox/': [], 'accepted/': [], 'again/': [] };
  const last = reader();
  r.stateStale = r.user !== '';
  for (const [key, text] of saved) {
    const slash = key.indexOf('/') + 1;
    const [kind, name] = [key.slice(0, slash), key.slice(slash)];
    reading('entry', () => {
      if (key === 'state') readState(r, text);
      else if (items[kind]) items[kind].push(readItem(name, text));
      else if (kind === 'record/') readSavedRecord(r, name, { text, last });
      else if (kind === 'why/') readWhys(r, name, text);
      else if (kind !== 'app/') refuse('unknown key');
    }, key);
  }
  takeItems(r, items);
  r.last = [r.last, newestKnown(r, ENDLESS), r.floor].reduce(later);
  for (const it of waiting(r)) r.last = later(r.last, newest(it.data, ENDLESS));
  if (waiting(r).every((it) => it.client === r.id) && (!r.id || !r.savedAs || r.savedAs === r.id)) return;
  if (!r.id) refuse('client');
  startOver(r);
  restampWaiting(r, {});
}

// An earlier version did not pull in chunks: its cursor cannot be used, and the next pull replaces everything.
function readState(r, text) {
  const { last, cursor = '', chunks, loading, buckets, fence, level = 0, clock, seen, client, user = '', answered = 0 } = JSON.parse(text);
  if (![cursor, user].every(isText) || ![level, answered].every(isCount)) refuse('type');
  if (user && r.user && user !== r.user) refuse('user');
  const time = (saved) => (saved ? parseTime(saved, LAST) : '');
  Object.assign(r, { stateStale: r.user !== '' && r.user !== user, savedAs: client ? parseClient(client) : '', answered, level, fence: time(fence), floor: earlier(time(clock), ENDLESS), last: earlier(time(last), ENDLESS) });
  r.user = r.user || user;
  if (chunks) Object.assign(r, { cursor, chunked: true, loading: Boolean(loading), seen: seen && readSeen(seen) });
  if (buckets) r.buckets = heldForm(names(buckets));
  r.isEarlier = cursor !== '' && !chunks;
}

function takeItems(r, items) {
  const sorted = (kind, entries) => {
    for (const it of items[kind].sort((a, b) => a.number - b.number)) entries.stored.add(it.number);
    return items[kind];
  };
  for (const it of sorted('outbox/', r.entries.outbox)) {
    if (it.time > r.fence) it.floor = r.fence; // otherwise it was made before, and must stay below
    heldOf(r, it).waiting.push(it);
    put(r, it, it.later > 0 ? 'later' : 'fresh');
    r.lastNumber = it.number;
  }
  for (const it of sorted('accepted/', r.entries.accepted)) {
    overlay(r, heldOf(r, it), it);
    it.answered = it.number;
    r.answered = Math.max(r.answered, it.number);
    r.mark = later(r.mark, it.time);
  }
  for (const it of sorted('again/', r.entries.again)) {
    const h = heldOf(r, it);
    h.aside = h.aside.concat(it);
    r.aside.add(h);
    r.tentative = r.tentative && it.tentative;
  }
  if (r.isEarlier) markCreations(r);
}

// An earlier version did not mark the edits that create a record.
function markCreations(r) {
  const edited = new Set();
  for (const it of waiting(r)) {
    const h = heldOf(r, it);
    if (h.confirmed.size === 0 && h.over.length === 0 && !edited.has(h)) {
      it.isNew = true;
      r.entries.outbox.set(it.number, it);
    }
    edited.add(h);
  }
}

function readItem(number, text) {
  if (!/^0{5}\d{15}$/.test(number)) refuse('unknown key');
  const m = parse(text);
  const data = readRecord(m.data);
  if (data.size === 0) refuse('no fields');
  const base = new Map(Object.keys(m.base || {}).map((name) => [name, m.base[name] && readStamp(m.base[name])]));
  const { table, id } = readKey(m);
  const it = newItem(table, id, data, { number: Number(number), base, isNew: m.new === true, sent: true, seen: m.seen && readSeen(m.seen) }); // it may have been sent
  return Object.assign(it, { wall: msOf(it.time), again: m.again === true, later: m.later ? 1 : 0, hidden: m.hidden === true, tentative: m.tentative === true });
}

function keyIn(name) {
  const [table, ...rest] = name.split('\0');
  readKey({ table, id: rest.join('\0') });
  return [table, ...rest];
}

function readSavedRecord(r, name, { text, last }) {
  const inner = (parsed) => (isWrapped(parsed) ? parsed.record : parsed);
  const parsed = JSON.parse(text);
  last.isRounded = false;
  const rounded = readRecord(inner(parsed), last);
  const data = last.isRounded ? readRecord(inner(parseExactly(text)), last) : rounded;
  const h = findOrAdd(r, ...keyIn(name));
  Object.assign(h, { confirmed: data, stored: true });
  if (isWrapped(parsed)) Object.assign(h, { created: typeof parsed.created === 'string' ? parseTime(parsed.created) : '', within: parsed.in ? heldForm(names(parsed.in)) : null });
  data.forEach((w) => {
    if (w.clientId === r.id) r.mark = later(r.mark, w.updatedAt);
  });
}

const isWrapped = (parsed) => Array.isArray(parsed.in) || typeof parsed.created === 'string' || parsed.created === true;

function readWhys(r, name, text) {
  const { before, incoming, seen = {}, unknown = {} } = parse(text);
  const h = findOrAdd(r, ...keyIn(name));
  const old = readRecord(before);
  readRecord(incoming).forEach((w, field) => {
    if (!old.has(field)) refuse('entry');
    whysOf(h).set(field, { ...compare(old.get(field), w), seen: [1, 2].includes(seen[field]) ? seen[field] : 0, beforeUnknown: unknown[field] === true });
  });
  h.whyStored = true;
}
