// Reading what was saved.

import { refuse } from './text.js';
import { ENDLESS, earlier, later, msOf, parseTime } from './time.js';
import { parse, parseExactly } from './value.js';
import { newest, readRecord } from './record.js';
import { findOrAdd, heldOf, whysOf } from './held.js';
import { reader } from './write.js';
import { newItem, put, waiting } from './outbox.js';
import { overlay } from './overlay.js';
import { heldForm, names } from './chunk.js';
import { startOver } from './reset.js';
import { newestKnown } from './clock.js';
import { restampWaiting } from './restamp.js';
import { compare } from './why.js';

/** load reads the saved entries, and ignores entries of the app. It refuses an unreadable one, with its key as the path. */
export function load(r, saved) {
  const items = { 'outbox/': [], 'accepted/': [], 'again/': [] };
  const last = reader();
  let state = {};
  for (const [key, text] of saved) {
    const slash = key.indexOf('/') + 1;
    const [kind, name] = [key.slice(0, slash), key.slice(slash)];
    try {
      if (key === 'state') state = JSON.parse(text);
      else if (items[kind]) items[kind].push(readItem(name, text));
      else if (kind === 'record/') readSavedRecord(r, name, { text, last });
      else if (kind === 'why/') readWhys(r, name, text);
      else if (kind !== 'app/') refuse('unknown key');
    } catch (error) {
      refuse(error.reason || 'entry', key);
    }
  }
  if (state.user && r.user && state.user !== r.user) refuse('user');
  takeState(r, state);
  takeItems(r, items);
  r.last = [earlier(state.last || '', ENDLESS), newestKnown(r, ENDLESS), r.floor].reduce(later);
  for (const it of waiting(r)) r.last = later(r.last, newest(it.data, ENDLESS));
  if (waiting(r).every((it) => it.client === r.id) && (!r.id || !r.savedAs || r.savedAs === r.id)) return;
  if (!r.id) refuse('client');
  startOver(r);
  restampWaiting(r, { time: '', took: 0 });
}

// An earlier version did not pull in chunks: its cursor cannot be used, and the next pull replaces everything.
function takeState(r, s) {
  const user = r.user || s.user || '';
  Object.assign(r, { user, stateStale: user !== (s.user || ''), savedAs: s.client || '', answered: s.answered || 0 });
  Object.assign(r, { fence: s.fence ? parseTime(s.fence) : '', level: s.level || 0, floor: earlier(s.clock ? parseTime(s.clock) : '', ENDLESS) });
  if (s.chunks) Object.assign(r, { cursor: s.cursor, chunked: true, loading: Boolean(s.loading) });
  if (s.buckets) r.buckets = heldForm(names(s.buckets));
  r.isEarlier = Boolean(s.cursor) && !s.chunks;
}

function takeItems(r, items) {
  const sorted = (kind, entries) => {
    for (const it of items[kind].sort((a, b) => a.number - b.number)) entries.stored.add(it.number);
    return items[kind];
  };
  for (const it of sorted('outbox/', r.entries.outbox)) {
    it.floor = r.fence;
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
  r.aside = sorted('again/', r.entries.again);
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
  if (!/^\d{20}$/.test(number)) refuse('unknown key');
  const m = parse(text);
  const data = readRecord(m.data);
  if (data.size === 0) refuse('no fields');
  const base = new Map(Object.keys(m.base || {}).map((name) => [name, m.base[name]]));
  const it = newItem(m.table, m.id, data, { number: Number(number), base, isNew: m.new === true, sent: true }); // it may have been sent
  return Object.assign(it, { wall: msOf(it.time), again: m.again === true, later: m.later ? 1 : 0, hidden: m.hidden === true });
}

function keyIn(name) {
  const at = name.indexOf('\0');
  return at > 0 ? [name.slice(0, at), name.slice(at + 1)] : refuse('unknown key');
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
    whysOf(h).set(field, { ...compare(old.get(field), w), seen: seen[field] || 0, beforeUnknown: unknown[field] === true });
  });
  h.whyStored = true;
}
