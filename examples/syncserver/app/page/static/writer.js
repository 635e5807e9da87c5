// Saves the changes of a replica to its storage, in their order.

import { OWN, waits } from './saved.js';

const LAZY = 2000; // milliseconds for which pulled data, which can be pulled again, may stay unsaved

export class Writer {
  #storage;
  #tell;
  #writing = Promise.resolve();
  #unsaved = new Map();
  #lazy = 0;
  #own = 0; // the number of user edits on their way to the disk

  /** @param {(type: string, detail?: any) => void} tell reports "saving", "saved"
   *   once everything is on disk, or a "notice" of a failure */
  constructor(storage, tell) {
    this.#storage = storage;
    this.#tell = tell;
  }

  /** save stores user edits at once, and pulled data a little later. */
  save(entries) {
    if (entries.length === 0) return;
    this.#tell('saving');
    let own = false;
    for (const entry of entries) {
      this.#unsaved.set(...entry);
      own ||= entry[0] === OWN || waits(entry);
    }
    if (own) this.#hurry();
    else this.#lazy ||= setTimeout(() => this.#flush(), LAZY);
  }

  /** unsaved reports whether a user edit is not on disk yet. */
  get unsaved() {
    return this.#own > 0;
  }

  /** saved resolves when everything to be saved is on disk. */
  saved() {
    this.#flush();
    return this.#writing;
  }

  /** begin forgets earlier failures, once the storage is cleared. */
  begin() {
    this.#writing = Promise.resolve();
    this.#own = 0;
  }

  // Edits that could not be stored stay unsaved.
  #hurry() {
    this.#own++;
    this.#flush();
    this.#writing.then(() => this.#own--, () => {});
  }

  // Transactions on one store run in order. After a failure, later transactions are useless without
  // the failed one, so the failure must not be forgotten.
  #flush() {
    clearTimeout(this.#lazy);
    this.#lazy = 0;
    if (this.#unsaved.size === 0) return;
    const before = this.#writing;
    const now = this.#storage.save(this.#unsaved);
    this.#unsaved = new Map();
    const writing = Promise.all([before, now]);
    this.#writing = writing;
    writing.then(
      () => writing === this.#writing && this.#unsaved.size === 0 && this.#tell('saved'),
      (error) => this.#tell('notice', { kind: 'not_saved', detail: error?.message }),
    );
  }
}
