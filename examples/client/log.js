// The log of a client: what it did, as one file for a bug report. Command replay compares the file with the journal of
// the server. examples/replay/clientlog describes its form, and has the same in Go.

import { readChunks } from './src/chunk.js';

const BYTES = 1 << 20; // characters of all events
const FIELDS = 100; // of an event
const LINE = 1 << 18; // characters of an event with values, as command replay reads it
const LINES = 1 << 16; // characters of a chunk whose records the log reads
const WAITING = 1000; // edits in the outbox, beyond which it is not read
const MILLISECOND = 1e6; // nanoseconds

/** openLog returns an empty log; see log.d.ts. */
export function openLog({ most = BYTES, values = () => false } = {}) {
  const lines = [];
  let [client, size, dropped] = [undefined, 0, 0];
  return {
    add(event) {
      client = event.client || client;
      const all = JSON.stringify(limited(event, values));
      const line = all.length > LINE ? JSON.stringify(limited(event, () => false)) : all;
      lines.push(line);
      for (size += line.length; size > most; dropped++) size -= lines.shift().length;
    },
    text: () => [JSON.stringify({ clientLog: 1, client, dropped: dropped || undefined }), ...lines].map((line) => `${line}\n`).join(''),
  };
}

// limited returns an event without the values that are not kept, and with a limited number of fields.
function limited({ records = [], leftOut = 0, ...event }, values) {
  let left = FIELDS;
  const kept = [];
  for (const { fields = [], ...record } of records) {
    const some = fields.slice(0, left);
    left -= some.length;
    leftOut += fields.length - some.length;
    const isQuoted = (field) => record.table === 'violations' && ['losing', 'winning'].includes(field); // a value of another field
    const keeps = ({ field }) => field === '$deleted' || (!isQuoted(field) && values(record.table, field));
    if (some.length > 0 || fields.length === 0) kept.push({ ...record, fields: some.map((f) => (keeps(f) ? f : { ...f, value: undefined })) });
  }
  return { ...event, records: kept.length > 0 ? kept.slice(0, FIELDS) : undefined, leftOut: leftOut || undefined };
}

/** withLog returns a Replica that does the same as another one, and adds it to a log; see log.d.ts. */
export function withLog(replica, log) {
  const s = { replica, log, sent: [] };
  if (replica.id) add(s, 'opened', { client: replica.id, count: replica.waiting || undefined });
  return Object.assign(Object.create(replica), {
    edit: (...edit) => {
      const before = waitingIn(s);
      replica.edit(...edit);
      const after = waitingIn(s);
      if (after.length === 0) return;
      const item = JSON.parse(after.at(-1));
      add(s, 'edited', { seen: item.seen, records: [recordOf(item)] });
      if (after.length <= before.length) replaced(s, before, after);
    },
    batch: (...most) => {
      const batch = replica.batch(...most);
      s.sent = batch.text.split('\n').filter(Boolean).map((text) => recordOf(JSON.parse(text)));
      if (s.sent.length > 0) add(s, 'sent', { records: s.sent });
      return batch;
    },
    answer: (text) => watched(s, () => {
      replica.answer(text);
      answered(s, JSON.parse(text));
    }),
    pulled: (pull, lines) => pulled(s, pull, lines),
    serverTime: (time, took) => watched(s, () => replica.serverTime(time, took)),
    takeChanged: () => {
      const changed = replica.takeChanged();
      const records = changed.slice(0, FIELDS).map(([table, id]) => ({ table, id, fields: writesOf(replica.shown(table, id)) }));
      if (records.length > 0) add(s, 'shown', { records, leftOut: changed.length - records.length });
      return changed;
    },
    takeNotices: () => {
      const notices = replica.takeNotices();
      notices.forEach((n) => told(s, n));
      return notices;
    },
  });
}

const add = ({ replica, log }, kind, event) => log.add({ at: new Date(replica.now()).toISOString(), offset: replica.offset * MILLISECOND || undefined, event: kind, ...event });

const stampOf = (w) => w && { updatedAt: w.updatedAt, clientId: w.clientId }; // without a value
const writesOf = (data) => [...data].map(([field, w]) => ({ field, stamp: stampOf(w), deleted: w.deleted, value: w.value }));

// waitingIn returns the edits in the outbox, unless there are too many to read.
const waitingIn = ({ replica }) => (replica.waiting > WAITING ? [] : replica.outbox());

// replaced adds the edits that a later one has replaced in the outbox.
function replaced(s, before, after) {
  const [was, is] = [before, after].map((items) => items.map((text) => recordOf(JSON.parse(text))));
  const name = ({ table, id, stamp }) => JSON.stringify([table, id, stamp]);
  const left = new Set(is.map(name));
  add(s, 'dropped', { why: 'replaced', records: was.filter((r) => !left.has(name(r))) });
}

// recordOf returns the form of an edit in the log.
function recordOf({ table, id, data, base = {} }) {
  const [first] = Object.values(data);
  const baseOf = (name) => (name in base ? base[name] || {} : undefined);
  return { table, id, stamp: stampOf(first), fields: Object.entries(data).map(([field, w]) => ({ field, deleted: w.deleted, value: w.value, base: baseOf(field) })) };
}

function answered(s, replies) {
  const records = s.sent.map((sent, i) => {
    const { verdict, code, fields } = replies[i];
    const said = (field) => {
      const { outcome, lost, winner, loser } = (fields && fields[field]) || {};
      return { field, outcome, lost, other: stampOf(winner || loser) };
    };
    return { ...sent, verdict, code, fields: sent.fields.map(({ field }) => said(field)) };
  });
  add(s, 'answered', { records });
  const isFinal = ({ verdict, code, retryable }) => verdict === 'refused' && !retryable && code !== 'too_far_ahead';
  replies.forEach((reply, i) => isFinal(reply) && add(s, 'dropped', { why: reply.code, records: [s.sent[i]] }));
  s.sent = [];
}

// watched adds the edits that an act restamps: the outbox has them at the same place, with another stamp. If the act
// also takes edits out of the outbox, the places are counted from its end.
function watched(s, act) {
  const before = waitingIn(s);
  const { offset } = s.replica;
  act();
  if (before.length === 0 || s.replica.offset === offset) return;
  const after = waitingIn(s);
  after.forEach((text, i) => {
    const [was, now] = [before[before.length - after.length + i], text].map((item) => item && recordOf(JSON.parse(item)));
    const isSame = was && was.table === now.table && was.id === now.id && was.stamp.updatedAt !== now.stamp.updatedAt;
    if (isSame) add(s, 'restamped', { records: [{ table: now.table, id: now.id, was: was.stamp, stamp: now.stamp }] });
  });
}

function pulled(s, pull, lines) {
  if (pull.cursor !== s.replica.cursor) add(s, 'discarded');
  else received(s, lines);
  s.replica.pulled(pull, lines);
}

// received adds what the chunks of a pull bring, before they are applied. Of large chunks it only says that they came.
function received(s, lines) {
  let chunks = [];
  try {
    chunks = readChunks({ shared: new Map() }, lines.length > LINES ? lines.slice(lines.lastIndexOf('\n', lines.length - 2) + 1) : lines);
  } catch {
    return; // the Replica refuses them as well
  }
  for (const { resets, rows, trailer } of chunks) {
    const records = rows.map(({ table, id, data }) => ({ table, id, fields: writesOf(data).filter(({ field, stamp }) => isNew(s, [table, id, field], stamp)) }));
    const leftOut = lines.length > LINES ? lines.split('\n').length : undefined;
    add(s, 'received', { why: resets.length > 0 ? resets[0].why : undefined, seen: trailer.seen, more: trailer.more || undefined, records: records.filter(({ fields }) => fields.length > 0), leftOut });
  }
}

function isNew({ replica }, [table, id, field], stamp) {
  const shown = replica.shown(table, id).get(field);
  return !shown || shown.updatedAt !== stamp.updatedAt || shown.clientId !== stamp.clientId;
}

// told adds a notice, without details and values.
function told(s, { kind, table, id, fields = [], code, by, items, other }) {
  const records = table === undefined ? undefined : [{ table, id, fields: fields.map((field) => ({ field, other: stampOf(other) })) }];
  add(s, 'told', { why: kind, code, by: by && by * MILLISECOND, count: items, records });
}
