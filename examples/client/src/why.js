// Why a field has its value: the last decision between two writes of it.
//
// A Why is { before, incoming, outcome, seen, beforeUnknown }: the write that was stored, the one that met it, and
// "applied", "superseded", "equal" or "collision". Seen is 1 if the author of the winner had seen the loser, 2 if
// not, and 0 if it is not known. If beforeUnknown is true, only the stamp of before is known.

import { DELETED } from './record.js';
import { whysOf } from './held.js';
import { decide, sameStamp, sameWrite } from './write.js';

const VIOLATIONS = 'violations';
const USER_FIELDS = ['acknowledged', 'dismissed', 'note'];

/** compare decides between a stored write, which may be undefined, and an incoming one. */
export function compare(before, incoming) {
  if (!before) return { before, incoming, outcome: 'applied' };
  const { step, order } = decide(incoming, before);
  const outcome = step === 'equal' ? 'equal' : step === 'kind' || step === 'value' ? 'collision' : order > 0 ? 'applied' : 'superseded';
  return { before, incoming, outcome };
}

export const won = (c) => c.outcome === 'applied' || (c.outcome === 'collision' && decide(c.incoming, c.before).order > 0);
export const winner = (c) => (won(c) ? c.incoming : c.before);
export const loser = (c) => (won(c) ? c.before : c.incoming);

/** explained returns a Why in the form of index.d.ts. */
export function explained(why) {
  const { step } = decide(winner(why), loser(why));
  return { winner: winner(why), loser: loser(why), step, seen: [undefined, true, false][why.seen], unknown: why.beforeUnknown };
}

/** merged returns a record without the derived fields of a violation, because their writes do not win over others. */
export const merged = (h, record) => (h.table === VIOLATIONS ? new Map([...record].filter(([name]) => USER_FIELDS.includes(name))) : record);

/** setWhy notes a decision. What was known of the same two writes is kept. */
export function setWhy(h, name, why) {
  const old = h.whys.get(name);
  if (old && sameStamp(winner(old), winner(why)) && sameStamp(loser(old), loser(why))) {
    const { seen } = why;
    if (why.beforeUnknown) why = { ...old };
    why.seen = seen || old.seen;
    if (same(old, why)) return;
  }
  whysOf(h).set(name, why);
  h.whyChanged = h.whyStale = true;
}

const same = (a, b) => a.outcome === b.outcome && a.seen === b.seen && a.beforeUnknown === b.beforeUnknown && sameWrite(a.before, b.before) && sameWrite(a.incoming, b.incoming);

export function dropWhy(h, name) {
  if (h.whys.delete(name)) h.whyChanged = h.whyStale = true;
}

/** updateWhys notes why the fields of a record have their new values. */
export function updateWhys(h, before, now) {
  if (h.whys.size > 0) [...h.whys.keys()].forEach((name) => now.has(name) || dropWhy(h, name));
  if (before.size === 0) return; // all fields are written for the first time
  const old = merged(h, before);
  merged(h, now).forEach((w, name) => {
    const c = compare(old.get(name), w);
    if (c.outcome === 'equal') return;
    if (won(c) && c.before) setWhy(h, name, { ...c, seen: 0, beforeUnknown: false });
    else dropWhy(h, name); // the write is the first or a repaired one
  });
}

/**
 * whyAnswered returns the Why of an accepted write, or undefined. The server may have compared the write with one
 * that has not arrived here.
 * @param c the decision of this client
 * @param said the reply about the field
 */
export function whyAnswered(it, name, { c, said }) {
  const met = said && (said.winner || said.loser);
  const decided = c.outcome === 'superseded' || c.outcome === 'collision' || (said && said.outcome === 'collision' && c.outcome !== 'equal');
  let why = { ...c, seen: 0, beforeUnknown: false };
  if (!decided && met && !sameStamp(met, c.before)) why = { ...overUnknown(name, c.incoming, met), seen: 0, beforeUnknown: true };
  else if (!decided && c.outcome === 'equal') return undefined;
  if (!why.before) return undefined;
  if (said && said.lost && sameStamp(met, why.before)) why.seen = 2;
  else if (it.base.has(name) && sameStamp(it.base.get(name), why.before)) why.seen = 1;
  return why;
}

function overUnknown(name, incoming, met) {
  const before = { value: name === DELETED ? false : null, ...met };
  const order = decide(incoming, before);
  return { before, incoming, outcome: (order.step === 'time' || order.step === 'client') && order.order > 0 ? 'applied' : 'superseded' };
}
