// Which replicas a tab has. A replica must not be used twice at once, or two tabs would
// stamp their edits with one client ID. So a tab takes a slot: the first one that is free,
// and after a reload its own again.

const REMEMBERED = 'fieldlww-slot';

/**
 * takeSlot returns the number of a slot of the workspace that no other tab has. It stays
 * taken until the tab is closed.
 * @returns {Promise<string>}
 */
export async function takeSlot(workspace) {
  const own = sessionStorage.getItem(`${REMEMBERED}-${workspace}`);
  const slot = await (navigator.locks ? lockSlot(workspace, own) : askSlot(workspace, own));
  sessionStorage.setItem(`${REMEMBERED}-${workspace}`, slot);
  return slot;
}

async function lockSlot(workspace, own) {
  // The page that was reloaded may have its lock for a moment more. A tab that is a copy of
  // another one remembers the same slot, and does not get it.
  if (own && (await lock(workspace, own, { signal: AbortSignal.timeout(700) }))) return own;
  for (let n = 1; ; n++) {
    if (await lock(workspace, String(n), { ifAvailable: true })) return String(n);
  }
}

/** lock reports whether it got the lock, which is then held as long as the page is there. */
function lock(workspace, slot, options) {
  return new Promise((resolve) => {
    const hold = (got) => {
      resolve(got !== null);
      return got && new Promise(() => {});
    };
    navigator.locks.request(`fieldlww-${workspace}-${slot}`, options, hold).catch(() => resolve(false));
  });
}

const PATIENCE = 250; // milliseconds in which a tab has answered

/**
 * askSlot is for a page from another machine over plain HTTP, which has no locks. It takes a
 * slot at random, or its own again unless another tab, of which it is a copy, says that it
 * has that one.
 */
async function askSlot(workspace, own) {
  const channel = new BroadcastChannel(`fieldlww-${workspace}`);
  const slot = own && !(await isTaken(channel, own)) ? own : randomSlot();
  channel.onmessage = ({ data }) => {
    if (data.ask === slot) channel.postMessage({ taken: slot });
  };
  return slot;
}

function isTaken(channel, slot) {
  return new Promise((resolve) => {
    channel.onmessage = ({ data }) => data.taken === slot && resolve(true);
    channel.postMessage({ ask: slot });
    setTimeout(() => resolve(false), PATIENCE);
  });
}

function randomSlot() {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (n) => n.toString(36)).join('');
}
