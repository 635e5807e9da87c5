// A lock that a page holds as long as it is there, and that no other page gets meanwhile:
// not even while this one sleeps in the background, and could answer nobody.

/**
 * lock takes a lock of that name.
 * @param {number} patience milliseconds in which another page may give it up
 * @returns {Promise<(() => void)|null>} what gives it up, or null if another page has it
 */
export const lock = (name, patience = 0) => (navigator.locks ? request(name, patience) : connect(name, patience));

function request(name, patience) {
  return new Promise((resolve) => {
    const options = patience > 0 ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
    const hold = (got) => (got ? new Promise(resolve) : resolve(null));
    navigator.locks.request(name, options, hold).catch(() => resolve(null));
  });
}

const connections = new Set(); // one that nobody refers to may be closed

const QUEUED = 1000; // milliseconds after which a request waits for that of another page

/**
 * connect is for a page from another machine over plain HTTP, which has no locks. A database
 * is not removed while somebody is connected to it. So who has had it removed, and then made
 * it, is the only one who is connected, and stays so.
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
    const opening = indexedDB.open(name); // which comes after that
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
