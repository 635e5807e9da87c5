// Which replicas a tab has. A replica must not be used twice at once, or two tabs would
// stamp their edits with one client ID. So a tab takes a slot that no other tab has: after a
// reload its own again, else one in which a tab that was closed left unsent edits, and else
// the first that is free.

import { lock } from './lock.js';
import { waits } from './saved.js';
import { Storage } from './storage.js';

const RELOADING = 700; // milliseconds for which the page that was reloaded may keep its slot

/** databaseOf returns the name of the database in which a replica is kept. */
export const databaseOf = (workspace, side, slot) => `fieldlww-${workspace}-${side}${slot === '1' ? '' : `-${slot}`}`;

const lockOf = (workspace, slot) => `fieldlww-slot/${workspace}/${slot}`;

/**
 * takeSlot returns the number of a slot, which stays taken until the tab is closed.
 * @param {{workspace: string, sides: string[]}} place
 * @returns {Promise<string>}
 */
export async function takeSlot(place) {
  addEventListener('pageshow', (event) => event.persisted && location.reload()); // it may have lost its slot meanwhile
  const remembered = `fieldlww-slot-${place.workspace}`;
  const own = sessionStorage.getItem(remembered);
  // A tab that is a copy of another one remembers the same slot, and does not get it.
  const again = own && (await lock(lockOf(place.workspace, own), RELOADING));
  const slot = again ? own : await freeSlot(place, own);
  sessionStorage.setItem(remembered, slot);
  return slot;
}

async function freeSlot(place, taken) {
  const tried = new Set([taken]);
  for (const slot of inOrder([...(await unsent(place)).keys()])) {
    if (tried.has(slot)) continue;
    if (await lock(lockOf(place.workspace, slot))) return slot;
    tried.add(slot);
  }
}

function* inOrder(first) {
  yield* first;
  for (let n = 1; ; n++) yield String(n);
}

/** leftBehind returns how many unsent edits are in slots that no tab has. */
export async function leftBehind(place, own) {
  let left = 0;
  for (const [slot, edits] of await unsent(place)) {
    const release = slot !== own && (await lock(lockOf(place.workspace, slot)));
    if (!release) continue;
    release();
    left += edits;
  }
  return left;
}

/** unsent returns how many edits wait in each slot in which there are any. */
async function unsent({ workspace, sides }) {
  const edits = new Map();
  const databases = (await indexedDB.databases?.()) ?? [];
  for (const { name } of databases) {
    const slot = sides.map((side) => slotOf(name, databaseOf(workspace, side, '1'))).find(Boolean);
    const waiting = slot ? await waitingIn(name).catch(() => 0) : 0; // a damaged one offers nothing
    if (waiting > 0) edits.set(slot, (edits.get(slot) ?? 0) + waiting);
  }
  return edits;
}

/** slotOf returns the slot that a database is of, given the name of the first, if it is one. */
function slotOf(name, first) {
  if (name === first) return '1';
  return name.startsWith(first) ? /^-(\d+)$/.exec(name.slice(first.length))?.[1] : undefined;
}

async function waitingIn(database) {
  const storage = await Storage.open(database);
  const keys = await storage.keys();
  storage.close();
  return keys.filter(waits).length;
}
