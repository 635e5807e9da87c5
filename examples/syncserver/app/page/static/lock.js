// A lock that a page holds for as long as the page exists. No other page gets it meanwhile, not
// even while this page is suspended in the background.

/**
 * lock acquires the named lock.
 * @param {number} patience milliseconds to wait for another page to release it
 * @returns {Promise<(() => void)|null>} the function that releases it, or null if another page holds it
 */
export const lock = (name, patience = 0) => (navigator.locks ? request(name, patience) : connect(name, patience));

function request(name, patience) {
  return new Promise((resolve) => {
    const options = patience > 0 ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
    const hold = (got) => (got ? new Promise(resolve) : resolve(null));
    navigator.locks.request(name, options, hold).catch(() => resolve(null));
  });
}

const connections = new Set(); // the browser may close an unreferenced connection

const QUEUED = 3000; // milliseconds after which a request that still waits is taken to be behind another page's request

/**
 * connect is the substitute for a lock on a page loaded over plain HTTP from another machine, where
 * browsers offer no locks. Browsers do not delete a database while a page is connected to it. So a
 * page that has deleted and recreated the database is the only page connected to it, and stays the
 * only one.
 */
function connect(name, patience) {
  return new Promise((resolve, reject) => {
    let made = false;
    let late = false;
    const giveUp = () => {
      late = true;
      resolve(null);
    };
    setTimeout(giveUp, Math.max(patience, QUEUED));
    const removal = indexedDB.deleteDatabase(name);
    const opening = indexedDB.open(name); // runs after the deletion
    if (patience === 0) removal.onblocked = giveUp;
    removal.onerror = () => reject(removal.error);
    opening.onerror = () => reject(opening.error);
    opening.onupgradeneeded = () => (made = true);
    opening.onsuccess = () => {
      const connection = opening.result;
      const close = () => {
        connections.delete(connection);
        connection.close();
      };
      connections.add(connection);
      if (made && !late) return resolve(close);
      close();
      resolve(null);
    };
  });
}
