// Keeping one replica in step with the server: pull, push, wait for news, and begin again.

import { ProgramError } from './program.js';
import { Refused, backoff, join, pause, pull, push } from './server.js';

const PAGE = 10_000; // records in a pull
const ITEMS = 500; // and edits in a push
const BYTES = 900_000;
const QUICK = 15_000; // milliseconds in which a push is answered, where the next may be larger

/** The state of a Sync, for people. */
export const State = {
  offline: 'offline',
  joining: 'joining',
  pulling: 'pulling',
  pushing: 'pushing',
  current: 'current',
  unreachable: 'unreachable', // and it tries again
  busy: 'busy', // the server answers, and cannot take edits now; and it tries again
  slow: 'slow', // the server did not wait until an edit had arrived; and it tries again with fewer
  quota: 'quota', // this device has asked for as much as it may for now; and it tries again when it may
  full: 'full', // the server has no room for what edits would add; and it tries again
  confused: 'confused', // the replica cannot take what the server sent; and it tries again
  notInvited: 'notInvited',
  noWorkspace: 'noWorkspace', // the address names none
  unauthorized: 'unauthorized', // the server does not know this device
  notSaved: 'notSaved',
};

/** Sync tells by the events "state" and "synced" how it goes, and by "leaving" that all is about to be pulled again. */
export class Sync extends EventTarget {
  #abort = null;
  #waiting = null;
  #news = 0; // how often it was woken
  #mended = false; // whether the clock was corrected since the server took something
  #most = ITEMS; // how many edits a push may have, so that it arrives in time
  #asking = ''; // for what the server was asked last: join, pull or push
  #again = {}; // when it may be asked for that again, in the time of performance.now()

  /** @param {{workspace: string, invite?: string}} place */
  constructor(replica, events, place) {
    super();
    this.replica = replica;
    this.events = events;
    this.place = place;
    this.state = State.offline;
    this.more = false; // whether more is to come in a pull
    replica.addEventListener('edit', () => this.wake());
    addEventListener('online', () => this.wake());
  }

  /** start goes online, or stays offline if the device is switched off. */
  start() {
    if (!this.replica.device.online || this.#abort) return;
    this.#abort = new AbortController();
    this.#run(this.#abort.signal);
  }

  /** stop goes offline at once; what is on its way is given up. */
  stop() {
    this.#abort?.abort();
    this.#abort = null;
    this.events.listen(this.replica, null);
    this.#set(State.offline);
  }

  /** wake says that there may be something to do. */
  wake() {
    this.#news++;
    this.#waiting?.wake();
  }

  async #run(signal) {
    for (let failures = 0; !signal.aborted; ) {
      const news = this.#news;
      try {
        await this.#round(signal);
        failures = 0;
        if (signal.aborted) return;
        this.#set(State.current);
        if (news === this.#news) await this.#wait(Infinity, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error.code === 'quota_exceeded') this.#again[this.#asking] = performance.now() + error.wait;
        const state = stateAfter(error);
        this.#set(state);
        if (FINAL.includes(state)) {
          this.events.listen(this.replica, null);
          return;
        }
        await this.#wait(Math.max(backoff(failures++), error.wait ?? 0), signal);
      }
    }
  }

  async #wait(milliseconds, signal) {
    this.#waiting = pause(milliseconds, signal);
    await this.#waiting.done;
    this.#waiting = null;
  }

  // It pulls before it pushes, so that what an edit is about to replace is here and can be
  // told; and after it, for what the server made of the edits.
  async #round(signal) {
    await this.#join(signal);
    this.events.listen(this.replica, this.replica.device.token);
    await this.#pullAll(signal);
    for (let items = this.#most; this.replica.waiting > 0; ) {
      items = await this.#push(items, signal);
      await this.#pullAll(signal);
    }
    this.dispatchEvent(new Event('synced'));
  }

  async #join(signal) {
    if (this.replica.joined) return;
    this.#ask('join');
    this.#set(State.joining);
    const identity = await join(this.#caller(signal), this.place).catch((error) => {
      throw isBad(error) ? new NoWorkspace() : error;
    });
    signal.throwIfAborted();
    await this.replica.become(identity).catch((error) => {
      throw error instanceof ProgramError ? error : new NotSaved();
    });
    signal.throwIfAborted();
  }

  // What the server gives no more of for a while it is not asked for, whatever wakes this.
  #ask(what) {
    this.#asking = what;
    const wait = (this.#again[what] ?? 0) - performance.now();
    if (wait > 0) throw new Early(wait);
  }

  // A server that is behind what it once said has lost something: its data was restored from
  // a backup. What this device has from it may be of what was lost, so all is pulled again. What
  // waits is kept, and sent.
  async #pullAgain(error, signal) {
    if (error.code !== 'cursor_ahead') throw error;
    this.dispatchEvent(new Event('leaving'));
    this.replica.startOver();
    await this.#pullPages(signal);
  }

  #caller(signal) {
    return { token: this.replica.device.token, signal, heard: (time, took) => this.replica.heard(time, took) };
  }

  async #pullAll(signal) {
    await this.#pullPages(signal).catch((error) => this.#pullAgain(error, signal));
  }

  async #pullPages(signal) {
    this.#ask('pull');
    try {
      for (let n = PAGE; n >= PAGE; ) { // a page that is not full is the last
        n = 0;
        for await (const { lines, more } of pull(this.#caller(signal), this.replica.cursor || 0, PAGE)) {
          signal.throwIfAborted();
          this.#set(State.pulling);
          this.more = more;
          n += this.replica.pulled(lines);
        }
      }
    } finally {
      this.more = false;
    }
  }

  // Of an answer that is lost nothing is known, so the same is sent again, which is always
  // safe. It returns how many items the next push may have: of a batch that the server
  // refused as a whole the first half, to find the bad item.
  async #push(items, signal) {
    this.#ask('push');
    this.#set(State.pushing);
    const { bytes, count } = this.replica.batch(items, BYTES); // now: later edits are not saved below
    await this.replica.saved().catch(() => {
      throw new NotSaved();
    });
    signal.throwIfAborted();
    const began = performance.now();
    try {
      const { results, unchecked } = JSON.parse(await push(this.#caller(signal), bytes));
      signal.throwIfAborted();
      this.replica.answer(results);
      if (unchecked) this.replica.doubt(unchecked);
      if (performance.now() - began < QUICK) this.#most = Math.min(ITEMS, 2 * this.#most);
      this.#goOn(results);
    } catch (error) {
      if (isSlow(error)) this.#most = Math.max(1, Math.floor(count / 2));
      if (!isBad(error)) throw error;
      if (count > 1) return Math.floor(count / 2);
      this.replica.answer([{ index: 0, verdict: 'refused', code: error.code, detail: error.message }]);
      return 1; // the next may be as bad
    }
    return this.#most;
  }

  // What is too far ahead may go again at once, for the clock was corrected. Where that did
  // not help, it would not help the next time either.
  #goOn(results) {
    const kept = results.every((r) => r.retryable);
    const again = kept && !this.#mended && results.some((r) => r.code === 'too_far_ahead');
    this.#mended = kept && (again || this.#mended);
    if (kept && !again) throw new Kept(results);
  }

  #set(state) {
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }
}

/** NotSaved says that the storage of this browser fails, and with it all that is to be kept. */
class NotSaved extends Error {}

/** NoWorkspace says that the server knows of no workspace by the name in the address. */
class NoWorkspace extends Error {}

/** Kept says that the server takes none of the edits now, and wants them again later. */
class Kept extends Error {
  constructor(results) {
    super();
    this.full = results.some((r) => r.code === 'storage_full');
  }
}

/** Early says that the server may not be asked for something for so many milliseconds. */
class Early extends Error {
  constructor(wait) {
    super();
    this.wait = wait;
  }
}

/** isSlow says whether a request or its answer did not arrive in time, or was too large for what stands between. */
const isSlow = (error) => error.name === 'TimeoutError' || (!isBad(error) && [408, 413, 504].includes(error.status));

/** isBad says whether the server itself, and no proxy, will never take a request as it is. */
const isBad = (error) => error instanceof Refused && ['malformed', 'too_large'].includes(error.code);

// After these there is no use in trying again.
const FINAL = [State.notSaved, State.unauthorized, State.notInvited, State.noWorkspace];

/** stateAfter returns the state that a failure leads to. */
function stateAfter(error) {
  if (error instanceof NotSaved) return State.notSaved;
  if (error instanceof NoWorkspace) return State.noWorkspace;
  if (error instanceof Kept) return error.full ? State.full : State.busy;
  if (error instanceof Early) return State.quota;
  if (error instanceof ProgramError) return State.confused;
  if (!(error instanceof Refused)) return State.unreachable;
  return { 401: State.unauthorized, 403: State.notInvited, 408: State.slow, 409: State.confused, 429: State.quota, 500: State.busy, 503: State.busy }[error.status] ?? State.unreachable;
}
