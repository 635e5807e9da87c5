// Writing what a replica does to its storage, in the order in which it was done.

import { OWN, waits } from './saved.js';

const LAZY = 2000; // milliseconds that what can be pulled again may wait to be stored

export class Writer {
  #storage;
  #tell;
  #writing = Promise.resolve();
  #unsaved = new Map();
  #lazy = 0;
  #own = 0; // how much of what people wrote is on its way to the disk

  /** @param {(type: string, detail?: any) => void} tell of "saved", or a "notice" that it failed */
  constructor(storage, tell) {
    this.#storage = storage;
    this.#tell = tell;
  }

  /** save stores what people wrote at once, and what was pulled a little later. */
  save(entries) {
    let own = false;
    for (let i = 0; i < entries.length; i += 2) {
      this.#unsaved.set(entries[i], entries[i + 1]);
      own ||= entries[i] === OWN || waits(entries[i]);
    }
    if (own) this.#hurry();
    else this.#lazy ||= setTimeout(() => this.#flush(), LAZY);
  }

  /** unsaved says whether something that people wrote is not on disk yet. */
  get unsaved() {
    return this.#own > 0;
  }

  /** saved waits until all that was to be saved is on disk. */
  saved() {
    this.#flush();
    return this.#writing;
  }

  /** begin forgets what failed, once all is cleared. */
  begin() {
    this.#writing = Promise.resolve();
    this.#own = 0;
  }

  // What could not be stored stays unsaved.
  #hurry() {
    this.#own++;
    this.#flush();
    this.#writing.then(() => this.#own--, () => {});
  }

  // Transactions on one store are done in their order, but one that failed must not be
  // forgotten: what comes after it is of no use without it.
  #flush() {
    clearTimeout(this.#lazy);
    this.#lazy = 0;
    if (this.#unsaved.size === 0) return;
    const before = this.#writing;
    const now = this.#storage.save(this.#unsaved);
    this.#unsaved = new Map();
    this.#writing = Promise.all([before, now]);
    this.#writing.then(
      () => this.#tell('saved'),
      (error) => this.#tell('notice', { kind: 'not_saved', detail: error?.message }),
    );
  }
}
