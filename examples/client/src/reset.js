// Resets, and buckets that are taken away.

import { each, stale, touch } from './held.js';
import { count } from './outbox.js';
import { change, forget, isBrought, leave } from './change.js';
import { dropOverlays } from './overlay.js';
import { heldForm, sameNames, whyOf } from './chunk.js';
import { setAside } from './again.js';
import { notice } from './notice.js';

/** takeAway applies the resets of a chunk, and takes the buckets away that its trailer does not name any longer. */
export function takeAway(r, c) {
  const { told } = c.trailer;
  const changes = told !== undefined && !sameNames(told, r.buckets);
  r.divided = r.buckets !== null || told !== undefined; // the one bucket "" is named in each trailer
  const why = whyOf(c);
  if (why || !r.chunked) beginLoad(r, why);
  if (why === 'epoch') dropAllOverlays(r);
  if (why === 'epoch' || !r.chunked) forgetAll(r);
  else if (why || changes) lose(r, new Set([].concat(...c.resets.map((line) => line.buckets))), told === undefined ? null : new Set(told || ['']));
  if (changes) r.buckets = told;
  return changes || why !== '';
}

// beginLoad prepares for a load, which brings again what is about to be forgotten. A grant concerns no record that is held.
function beginLoad(r, why) {
  r.loading = true;
  if (why === 'grant') return;
  if (why && r.cursor) notice(r, { kind: 'resync', why, items: count(r) });
  setAside(r, why);
}

function dropAllOverlays(r) {
  for (const h of r.overlaid) {
    touch(r, h);
    dropOverlays(r, h, () => true);
  }
  r.overlaid.clear();
}

function forgetAll(r) {
  each(r, (h) => {
    if (h.confirmed.size === 0 && h.whys.size === 0 && !h.created) return;
    touch(r, h);
    forgetLost(r, h);
    h.created = '';
    stale(r, h);
  });
  r.cursor = '';
  r.stateStale = true;
}

/** startOver forgets everything that belongs to another client, except its edits. */
export function startOver(r) {
  dropAllOverlays(r);
  r.divided = r.buckets !== null;
  forgetAll(r);
  Object.assign(r, { fence: '', level: 0, floor: '', mark: '', chunked: false, loading: false, buckets: null, seen: undefined });
}

/** forgetCreations forgets that this client created records that have not come back after a reset. */
export function forgetCreations(r) {
  each(r, (h) => {
    if (!h.created || h.confirmed.size > 0) return;
    h.created = '';
    stale(r, h);
  });
}

// If the server divides its records, the record may be in buckets now that the user may not read: its edits are hidden
// until a line brings it. Otherwise they stay shown: a restored server that lacks the record takes them.
function forgetLost(r, h) {
  if (r.divided && isBrought(h) && h.confirmed.size > 0) leave(r, h);
  else forget(h);
}

// lose forgets the records that are in no bucket that remains.
function lose(r, reset, has) {
  each(r, (h) => {
    if (h.confirmed.size === 0 || !isBrought(h)) return;
    const within = h.within || [''];
    const kept = within.filter((name) => !reset.has(name) && (!has || has.has(name)));
    if (kept.length === within.length) return;
    if (kept.length === 0) change(r, h, () => forgetLost(r, h));
    else {
      h.within = heldForm(kept);
      stale(r, h);
    }
  });
}
