// What a Replica holds of one record: what the server has confirmed, the accepted edits that no pull has brought
// yet (overlays), and the edits that wait.

import { keyOf } from './text.js';
import { agrees, judge, visible } from './judge.js';
import { NONE, joined, sameRecord } from './record.js';
import { compareWrites } from './write.js';

// Most records have none:
const NO_WHYS = new Map();
const NO_ITEMS = [];

/** whysOf returns the Whys of a record, to change them. */
export const whysOf = (h) => (h.whys === NO_WHYS ? (h.whys = new Map()) : h.whys);

const newHeld = (table, id) => ({
  table, id, key: keyOf(table, id),
  confirmed: NONE,
  within: null, // the buckets of the confirmed record: null for the one bucket "", empty if no line has brought it
  over: [], // overlays
  aside: NO_ITEMS, // own writes from before a reset; see again.js
  waiting: [], // in the order of the edits
  whys: NO_WHYS, // by field
  created: '', // the greatest time of the record, if this client is known to have created it
  before: null, // the view at the last takeChanged, if touched
  whyChanged: false,
  stale: false, whyStale: false, // changed since the last save
  stored: false, whyStored: false, // whether the storage has an entry
});

/** find returns what is held of a record, or undefined. */
export function find(r, table, id) {
  const records = r.tables.get(table);
  return records && records.get(id);
}

/** findOrAdd returns what is held of a record, and adds it if nothing is. */
export function findOrAdd(r, table, id) {
  let h = find(r, table, id);
  if (h) return h;
  h = newHeld(table, id);
  if (!r.tables.has(table)) r.tables.set(table, new Map());
  r.tables.get(table).set(id, h);
  return h;
}

/** heldOf returns what is held of the record of an item. */
export const heldOf = (r, it) => findOrAdd(r, it.table, it.id);

/** each calls a function for all records held. The function may remove records. */
export function each(r, act) {
  r.tables.forEach((records) => [...records.values()].forEach(act));
}

/** release forgets a record if nothing about it needs to be kept. */
export function release(r, h) {
  if (h.confirmed.size || h.waiting.length || h.whys.size || h.over.length || h.aside.length || h.created || h.before || h.stale) return;
  r.tables.get(h.table).delete(h.id);
}

/** isHidden reports whether an item is not shown, because its record has left or it is sent later. */
export const isHidden = (it) => it.hidden || it.later > 0;

export const showing = (items) => items.filter((it) => !isHidden(it));

/** itemsOf returns the overlays and the waiting items of a record. */
export const itemsOf = (h) => h.over.concat(h.waiting);

const joinAll = (record, items) => showing(items).reduce((all, it) => joined(all, it.data), record);

/** known returns what the server is known to have of a record. */
export function known(r, h) {
  if (h.over.length === 0) return h.confirmed;
  return agrees(r, h, h.over) ? joinAll(h.confirmed, h.over) : judge(r, h, showing(h.over)).record;
}

/** shown returns a record as its user sees it. */
export function shown(r, h) {
  if (h.waiting.length === 0) return visible(r, known(r, h));
  if (!agrees(r, h, itemsOf(h))) return visible(r, judge(r, h, showing(itemsOf(h))).record);
  return visible(r, joined(known(r, h), joinAll(NONE, h.waiting)));
}

/** waitingFields returns the names of the fields with a waiting write that is shown, sorted. */
export function waitingFields(h) {
  if (h.waiting.length === 0) return [];
  const names = new Set();
  for (const it of showing(h.waiting)) it.data.forEach((_, name) => names.add(name));
  return [...names].sort();
}

const writing = (items, name) => items.filter((it) => it.data.has(name));

/** before returns the waiting item that wrote a field last before an item, or undefined. */
export const before = (h, it, name) => writing(h.waiting.slice(0, h.waiting.indexOf(it)), name).pop();

/** after returns the waiting item that wrote a field first after an item, or undefined. */
export const after = (h, it, name) => writing(h.waiting.slice(h.waiting.indexOf(it) + 1), name)[0];

/** top returns the waiting item that wrote a field last, or undefined. */
export const top = (h, name) => writing(h.waiting, name).pop();

/** touch returns what is held of a record that is about to change. */
export function touch(r, h) {
  if (!h.before) {
    h.before = view(r, h);
    r.touched.push(h);
  }
  return h;
}

const view = (r, h) => ({ record: shown(r, h), waiting: waitingFields(h).join('\0') });

/** takeChanged returns the records whose display has changed since the last call, as [table, id]. */
export function takeChanged(r) {
  const changed = [];
  for (const h of r.touched) {
    const now = view(r, h);
    if (h.whyChanged || now.waiting !== h.before.waiting || !sameRecord(now.record, h.before.record)) changed.push([h.table, h.id]);
    h.before = null;
    h.whyChanged = false;
    release(r, h);
  }
  r.touched = [];
  return changed;
}

/** stale notes that what is confirmed of a record must be saved. */
export function stale(r, h) {
  if (!h.stale) r.staleRecords.push(h);
  h.stale = true;
}

/** greatest returns the greatest of some writes, or undefined. */
export const greatest = (writes) => writes.reduce((most, w) => (compareWrites(w, most) > 0 ? w : most), undefined);
