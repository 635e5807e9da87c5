// What to write to the device’s storage, which maps keys to texts. The Go replica has the same keys and values:
//
//	state                the clock, the cursor and the fence
//	outbox/NUMBER        a waiting edit
//	accepted/NUMBER      an accepted edit that was not pulled yet
//	again/NUMBER         an edit that may have to be sent again after the server was restored
//	record/TABLE\0ID     a confirmed record
//	why/TABLE\0ID        why its fields have their values

import { compareText } from './text.js';
import { encodeMembers } from './value.js';
import { encodeRecord } from './record.js';
import { release } from './held.js';
import { encodeItem } from './outbox.js';

const DIGITS = 20; // of a number in a key, so that the keys sort

/** entriesOf returns the entries of one kind of items, by number. */
export function entriesOf(prefix) {
  const unsaved = new Map(); // an item that was removed and is in the storage has null
  const stored = new Set();
  return {
    prefix,
    stored,
    set: (number, it) => unsaved.set(number, it),
    delete: (number) => (stored.has(number) ? unsaved.set(number, null) : unsaved.delete(number)),
    take() {
      const entries = [...unsaved].map(([number, it]) => [prefix + String(number).padStart(DIGITS, '0'), it ? savedItem(it) : '']);
      unsaved.forEach((it, number) => (it ? stored.add(number) : stored.delete(number)));
      unsaved.clear();
      return entries;
    },
  };
}

// These members follow the members of the mutation, in this order.
function savedItem(it) {
  const more = ['again', 'later', 'tentative', 'hidden'].filter((name) => it[name]).map((name) => `,"${name}":true`);
  return `${encodeItem(it).slice(0, -1)}${more.join('')}}`;
}

/** takeSaves returns the entries to write since the last call, sorted by key, as [key, text]; '' removes the entry. */
export function takeSaves(r) {
  const saves = [];
  if (r.stateStale) saves.push(['state', savedState(r)]);
  for (const name of Object.keys(r.entries)) saves.push(...r.entries[name].take());
  for (const h of r.staleRecords) {
    h.stored = add(saves, `record/${h.key}`, { text: savedRecord(h), stored: h.stored });
    if (h.whyStale) h.whyStored = add(saves, `why/${h.key}`, { text: savedWhys(h.whys), stored: h.whyStored });
    h.stale = h.whyStale = false;
    release(r, h);
  }
  r.staleRecords = [];
  r.stateStale = false;
  return saves.sort((a, b) => compareText(a[0], b[0]));
}

// add adds an entry, unless it would remove what is not stored. It returns whether the entry is stored now.
function add(saves, key, { text, stored }) {
  if (text !== '' || stored) saves.push([key, text]);
  return text !== '';
}

function savedState(r) {
  return JSON.stringify({
    last: r.last || undefined, cursor: r.cursor, chunks: r.chunked || undefined, loading: r.loading || undefined,
    buckets: r.buckets || undefined, fence: r.fence || undefined, level: r.level || undefined, clock: r.floor || undefined,
    seen: r.seen, client: r.id || r.savedAs || undefined, user: r.user || undefined, answered: r.answered || undefined,
  });
}

// The entry is the record, or an object with the record as its last member if there is more to save.
function savedRecord(h) {
  const within = h.within !== null && h.confirmed.size > 0 ? `"in":${JSON.stringify(h.within)},` : '';
  const created = h.created ? `"created":"${h.created}",` : '';
  if (created || within) return `{${created}${within}"record":${encodeRecord(h.confirmed)}}`;
  return h.confirmed.size > 0 ? encodeRecord(h.confirmed) : '';
}

function savedWhys(whys) {
  if (whys.size === 0) return '';
  const part = (keep, encode) => encodeMembers([...whys.keys()].filter((name) => keep(whys.get(name))), (name) => encode(whys.get(name)));
  const record = (of) => encodeRecord(new Map([...whys].filter(([, w]) => of(w)).map(([name, w]) => [name, of(w)])));
  return `{"before":${record((w) => w.before)},"incoming":${record((w) => w.incoming)},"seen":${part((w) => w.seen, (w) => String(w.seen))},"unknown":${part((w) => w.beforeUnknown, () => 'true')}}`;
}
