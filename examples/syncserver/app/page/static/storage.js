// The storage of one replica in this browser: an IndexedDB database with one store that maps keys
// to texts. The replica decides what the keys mean. Entries of other users of the device have arrays as
// keys, of the user and the key.

const STORE = 'entries';
const present = () => IDBKeyRange.upperBound([], true); // the keys that are texts

/** @returns {Promise<any>} the result of an IndexedDB request */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** end resolves when a transaction is on disk. */
function end(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

async function entriesIn(store, range) {
  const [keys, values] = await Promise.all([result(store.getAllKeys(range)), result(store.getAll(range))]);
  return keys.map((key, i) => [key, values[i]]);
}

export class Storage {
  #database;

  constructor(database) {
    this.#database = database;
  }

  /** open opens the database of the given name, and creates it if it does not exist. */
  static async open(name) {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return new Storage(await result(request));
  }

  /** load returns all entries, as pairs of a key and a value. */
  load() {
    return this.#load(present());
  }

  /** loadEdits returns the few entries among which all waiting edits are. */
  loadEdits() {
    return this.#load(IDBKeyRange.bound('again/', 'outbox0'));
  }

  async #load(range) {
    return entriesIn(this.#database.transaction(STORE).objectStore(STORE), range);
  }

  /**
   * save stores entries in one transaction: all of them or none. An entry with an empty value is
   * deleted. The promise resolves when they are on disk. The function is async so that it rejects,
   * instead of throwing, if the browser has closed the database.
   * @param {Map<string, string>} entries values by keys
   */
  async save(entries) {
    const transaction = this.#database.transaction(STORE, 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore(STORE);
    for (const [key, value] of entries) {
      if (value === '') store.delete(key);
      else store.put(value, key);
    }
    transaction.commit(); // otherwise it would be lost if the page is left now
    return end(transaction);
  }

  /**
   * exchange puts the entries of one user aside, and takes back the entries of another, in one transaction.
   * @param {[string, string]} own the key and the value of an entry that belongs to no user
   */
  async exchange(before, now, [ownKey, own]) {
    const transaction = this.#database.transaction(STORE, 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore(STORE);
    const ended = end(transaction);
    const move = async (range, place) => {
      const entries = await entriesIn(store, range);
      store.delete(range);
      for (const [key, value] of entries) store.put(value, place(key));
    };
    await move(present(), (key) => [before, key]);
    await move(IDBKeyRange.bound([now], [now, []]), ([, key]) => key);
    store.put(own, ownKey);
    return ended;
  }

  /** clear forgets everything of the present user. */
  async clear() {
    await result(this.#database.transaction(STORE, 'readwrite').objectStore(STORE).delete(present()));
  }

  close() {
    this.#database.close();
  }
}
