// A store in a browser: an IndexedDB database with one object store that maps keys to texts.

const ENTRIES = 'entries';
const VERSION = ''; // no entry has this key

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// end resolves when a transaction is on disk.
function end(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

/**
 * open opens the database of a name, and creates it if it does not exist; see store.d.ts.
 * @param {string} name
 * @returns {Promise<import('./store.js').Store>}
 */
export async function open(name) {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(ENTRIES);
  const database = await result(opening);
  database.onversionchange = () => database.close(); // otherwise the database could not be deleted
  return {
    async load() {
      const store = database.transaction(ENTRIES).objectStore(ENTRIES);
      const all = IDBKeyRange.lowerBound(VERSION, true);
      const [keys, texts] = await Promise.all([result(store.getAllKeys(all)), result(store.getAll(all))]);
      return keys.map((key, i) => [key, texts[i]]);
    },
    async save(entries) {
      const transaction = database.transaction(ENTRIES, 'readwrite', { durability: 'strict' });
      const ended = end(transaction);
      const store = transaction.objectStore(ENTRIES);
      try {
        for (const [key, text] of entries) {
          if (text === '') store.delete(key);
          else store.put(text, key);
        }
        store.put(`${Date.now()} ${Math.random()}`, VERSION);
        transaction.commit(); // otherwise it would be lost if the page is left now
      } catch (error) {
        ended.catch(() => {});
        transaction.abort(); // otherwise the entries before the one that failed would be stored
        throw error;
      }
      return ended;
    },
    async version() {
      return (await result(database.transaction(ENTRIES).objectStore(ENTRIES).get(VERSION))) || '';
    },
    async close() {
      database.close();
    },
  };
}
