// Which replicas a tab uses. Two tabs must not use one replica at once, or both would stamp their
// edits with one client ID. So a tab takes a slot that no other tab has: its own after a reload,
// otherwise one where a closed tab left unsent edits, otherwise the first free one.

import { lock } from './lock.js';
import { waits } from './saved.js';
import { Storage } from './storage.js';

const RELOADING = 2000; // milliseconds to wait for a reloading page to release its slot

/** databaseOf returns the name of the database of a replica. */
export const databaseOf = (workspace, side, slot) => `fieldlww-${workspace}-${side}${slot === '1' ? '' : `-${slot}`}`;

const lockOf = (workspace, slot) => `fieldlww-slot/${workspace}/${slot}`;

/**
 * takeSlot returns the number of a slot, which stays taken until the tab is closed.
 * @param {{workspace: string, sides: string[]}} place
 * @returns {Promise<string>}
 */
export async function takeSlot(place) {
  addEventListener('pageshow', (event) => event.persisted && location.reload()); // another tab may have taken this tab's slot meanwhile
  const remembered = `fieldlww-slot-${place.workspace}`;
  const own = sessionStorage.getItem(remembered);
  // A duplicated tab remembers the slot of the original tab, but does not get it. A busy browser may have released the slot
  // in time, and say so too late.
  const again = own && ((await lock(lockOf(place.workspace, own), RELOADING)) ?? (await lock(lockOf(place.workspace, own))));
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

/** leftBehind returns the number of unsent edits in slots that no tab holds. */
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

/** unsent returns the number of waiting edits by slot, for slots that have any. */
async function unsent({ workspace, sides }) {
  const edits = new Map();
  const databases = (await indexedDB.databases?.()) ?? [];
  for (const { name } of databases) {
    const slot = sides.map((side) => slotOf(name, databaseOf(workspace, side, '1'))).find(Boolean);
    const waiting = slot ? await waitingIn(name).catch(() => 0) : 0; // a damaged database counts as empty
    if (waiting > 0) edits.set(slot, (edits.get(slot) ?? 0) + waiting);
  }
  return edits;
}

/**
 * slotOf returns the slot to which a database belongs, or undefined. The argument first is the
 * name of the database of slot 1.
 */
function slotOf(name, first) {
  if (name === first) return '1';
  return name.startsWith(first) ? /^-(\d+)$/.exec(name.slice(first.length))?.[1] : undefined;
}

async function waitingIn(database) {
  const storage = await Storage.open(database);
  const entries = await storage.loadEdits();
  storage.close();
  return entries.filter(waits).length;
}
