// Overlays: accepted items that no pull has brought yet. They are shown over the confirmed record until the first
// settled pull that began after their answer.

import { MAX, later } from './time.js';
import { keyOf } from './text.js';
import { newest } from './record.js';
import { known, stale } from './held.js';
import { change, forget, isBrought } from './change.js';

/** keep keeps the accepted writes of an item as an overlay. */
export function keep(r, h, it, data) {
  Object.assign(it, { answered: ++r.answered, number: r.answered, again: false, data, base: new Map() });
  overlay(r, h, it);
  r.entries.accepted.set(it.number, it);
}

export function overlay(r, h, it) {
  h.over.push(it);
  r.overlaid.add(h);
}

/**
 * joinOverlays joins the overlays of all records that a chunk does not bring, because the fence is about to rise:
 * the server has judged them by the old one. The overlays remain: an earlier pull may still bring older records.
 */
export function joinOverlays(r, rows) {
  const brings = new Set(rows.map((row) => keyOf(row.table, row.id)));
  for (const h of r.overlaid) {
    if (brings.has(h.key)) continue;
    change(r, h, () => {
      dropEnded(r, h);
      const now = known(r, h);
      if (h.confirmed.size === 0 && now.size > 0) h.within = [];
      h.confirmed = now;
    });
  }
  forgetEnded(r);
}

/** endOverlays ends the overlays that a settled pull has brought. */
export function endOverlays(r) {
  for (const h of r.overlaid) if (h.over.some((it) => covers(r, it))) change(r, h, () => dropEnded(r, h));
  forgetEnded(r);
}

/** covers reports whether the present chunk ends a pull that began after an item was answered. */
export const covers = (r, it) => it.answered <= r.ended;

/** dropEnded drops the overlays of a record that the present chunk ends. */
export function dropEnded(r, h) {
  if (r.ended > 0) dropOverlays(r, h, (it) => covers(r, it));
}

/** dropOverlays drops some overlays of a record. */
export function dropOverlays(r, h, ends) {
  for (const it of h.over.filter(ends)) {
    if (it.isNew) h.created = later(it.time, newest(h.confirmed, MAX));
    r.entries.accepted.delete(it.number);
  }
  h.over = h.over.filter((it) => !ends(it));
  if (h.over.length === 0 && !isBrought(h)) {
    forget(h);
    stale(r, h);
  }
}

function forgetEnded(r) {
  for (const h of r.overlaid) if (h.over.length === 0) r.overlaid.delete(h);
}
