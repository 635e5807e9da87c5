// Keeps one replica in sync with the server: pull, push, wait for news, repeat.

import { ProgramError } from './program.js';
import { isBad, isSlow, join, progressOf, pull, push, renew } from '../../../../client/requests.js';
import { backoff, changeMember, members, pause } from './server.js';
import { AWAY, Early, FINAL, Kept, NoWorkspace, NotSaved, Offline, State, stateAfter } from './syncstate.js';

const ITEMS = 500; // edits in a push
const BYTES = 900_000;
const QUICK = 15_000; // milliseconds: after an answer within this time, the next push may be larger

/**
 * Sync fires the events "state", "synced", "fetched" after each pull, "leaving" before everything is
 * pulled again, "sent" with each push, "received" with each pull that brought something, and "lost"
 * when the answer to a push is lost on purpose.
 */
export class Sync extends EventTarget {
  #abort = null;
  #waiting = null;
  #news = 0; // how many times the sync was woken
  #corrected = false; // whether the clock was corrected since the server last accepted an edit
  #fresh = false; // whether the token was renewed since the last round that succeeded
  #renewed = false; // whether the server was restored since it last accepted an edit
  #most = ITEMS; // the most edits that a push may have to arrive in time
  #heard = 0; // how many times the stream of events has woken the sync
  #fetched = 0; // how many of these times were before the last pull
  #buckets; // those that were known when the server was last asked for the membership of the user; undefined if it must be asked
  #asking = ''; // the last kind of request: join, pull or push
  #losing = false; // whether the answer to the next push is to be lost
  #again = {}; // when each kind of request may be sent again, as a time of performance.now()

  /** @param {{workspace: string, invite?: string}} place */
  constructor(replica, events, place) {
    super();
    this.replica = replica;
    this.events = events;
    this.place = place;
    this.state = State.offline;
    this.progress = null; // how far a pull is that is not at its end: { reached, last }
    replica.addEventListener('edit', () => this.wake());
    addEventListener('online', () => this.wake());
  }

  /** start goes online, unless the device is switched offline. */
  start() {
    if (!this.replica.device.online || this.#abort) return;
    this.#abort = new AbortController();
    this.#buckets = undefined; // the roles may have changed meanwhile
    this.#run(this.#abort.signal);
  }

  /** stop goes offline at once and aborts the request under way. */
  stop() {
    this.#abort?.abort();
    this.#abort = null;
    this.events.listen(null);
    this.#set(State.offline);
  }

  /** wake makes the sync look for something to do. */
  wake() {
    this.#news++;
    this.#waiting?.wake();
  }

  /** hear wakes the sync because the server has news for the user. */
  hear() {
    this.#heard++;
    this.wake();
  }

  /** refresh makes the sync ask for the membership of the user. */
  refresh() {
    this.#buckets = undefined;
    this.wake();
  }

  /** loseAnswer decides whether the answer to the next push is lost, as on a broken connection. */
  loseAnswer(losing) {
    this.#losing = losing;
  }

  /** reaches reports whether the server answers. */
  get reaches() {
    return !AWAY.includes(this.state);
  }

  /** changeMember asks the server to change a membership. It rejects if the server refuses, or cannot be asked. */
  async changeMember(change) {
    if (!this.#abort) throw new Offline();
    const { signal } = this.#abort;
    await changeMember(this.#caller(signal), change);
    this.replica.learn(await members(this.#caller(signal)));
    this.wake();
  }

  async #run(signal) {
    for (let failures = 0; !signal.aborted; ) {
      const news = this.#news;
      try {
        await this.#round(signal);
        failures = 0;
        this.#fresh = false;
        if (signal.aborted) return;
        this.#set(State.current);
        if (news === this.#news) await this.#wait(Infinity, signal);
      } catch (failed) {
        const error = await this.#renewAfter(failed, signal);
        if (signal.aborted) return;
        if (!error) continue;
        if (error.code === 'quota_exceeded') this.#again[this.#asking] = performance.now() + error.wait;
        const state = stateAfter(error);
        this.#set(state);
        this.#buckets = undefined;
        if (FINAL.includes(state)) {
          this.events.listen(null);
          return;
        }
        await this.#wait(Math.max(backoff(failures++), error.wait ?? 0), signal);
      }
    }
  }

  // If the token has ended, #renewAfter gets another one. Otherwise it returns why the round failed.
  async #renewAfter(error, signal) {
    if (error.code !== 'token_ended' || this.#fresh || signal.aborted) return error;
    try {
      const { token } = await renew(this.#caller(signal));
      if (!signal.aborted) this.replica.renew(token);
      this.#fresh = true;
      return null;
    } catch (failure) {
      return failure;
    }
  }

  async #wait(milliseconds, signal) {
    this.#waiting = pause(milliseconds, signal);
    await this.#waiting.done;
    this.#waiting = null;
  }

  // A round pulls before a push, so that this device knows the values that an edit replaces and a
  // notice can name them. It pulls after a push to get the result.
  async #round(signal) {
    await this.#join(signal);
    this.events.listen(this.replica.device.token);
    await this.#fetch(signal);
    for (let items = this.#most; this.replica.waiting > 0 && items > 0; ) {
      items = await this.#push(items, signal);
      await this.#fetch(signal);
    }
    this.dispatchEvent(new Event('synced'));
  }

  async #join(signal) {
    if (this.replica.joined) return;
    this.#ask('join');
    this.#set(State.joining);
    const identity = await join({ ...this.#caller(signal), ...this.place }).catch((error) => {
      throw isBad(error) ? new NoWorkspace() : error;
    });
    signal.throwIfAborted();
    await this.replica.become(identity).catch((error) => {
      throw error instanceof ProgramError ? error : new NotSaved();
    });
    signal.throwIfAborted();
  }

  // A kind of request that the server refuses for a while is not sent, whatever wakes the sync.
  #ask(what) {
    this.#asking = what;
    const wait = (this.#again[what] ?? 0) - performance.now();
    if (wait > 0) throw new Early(wait);
  }

  #caller(signal) {
    return { token: this.replica.device.token, signal, heard: (time, took) => this.replica.heard(time, took) };
  }

  // The user's membership is asked for if the buckets have changed. If only a role has changed, the
  // stream of events wakes this device, and a pull brings nothing.
  async #fetch(signal) {
    const heard = this.#heard;
    const brought = await this.#pullAll(signal);
    const buckets = JSON.stringify(this.replica.buckets);
    if (this.#buckets !== buckets || (this.#fetched !== heard && !brought)) {
      this.replica.learn(await members(this.#caller(signal)));
      signal.throwIfAborted();
      this.#buckets = buckets;
    }
    this.#fetched = heard;
    if (brought) this.dispatchEvent(new Event('received'));
    this.dispatchEvent(new Event('fetched'));
  }

  // #pullAll pulls everything, and reports whether that was more than a new cursor.
  async #pullAll(signal) {
    this.#ask('pull');
    let brought = false;
    try {
      do {
        const cursor = this.replica.beginPull();
        for await (const lines of pull(this.#caller(signal), cursor)) {
          signal.throwIfAborted();
          this.progress = progressOf(lines);
          this.#set(State.pulling);
          brought ||= holdsRecords(lines);
          if (resets(lines)) this.dispatchEvent(new Event('leaving'));
          this.replica.pulled(lines);
        }
        if (!this.replica.settled && this.replica.cursor === cursor) throw new ProgramError('the answer to a pull has no new cursor');
      } while (!this.replica.settled);
      return brought;
    } finally {
      this.progress = null;
    }
  }

  // After a lost answer the same items are sent again, which is always safe. #push returns how many
  // items the next push may have: if the server refused the whole batch, half of it, to find the
  // invalid item; 0 if all items must wait for the next pull.
  async #push(items, signal) {
    this.#ask('push');
    this.#set(State.pushing);
    const { text, count } = this.replica.batch(items, BYTES); // taken now: the save below does not cover later edits
    if (count === 0) return 0;
    await this.replica.saved().catch(() => {
      throw new NotSaved();
    });
    signal.throwIfAborted();
    const began = performance.now();
    this.dispatchEvent(new Event('sent'));
    try {
      const { results, unchecked } = await this.#pushed(this.#caller(signal), this.replica.cursor, text);
      signal.throwIfAborted();
      this.#renewed = false;
      this.replica.answer(results);
      if (unchecked) this.replica.doubt(unchecked);
      if (performance.now() - began < QUICK) this.#most = Math.min(ITEMS, 2 * this.#most);
      this.#goOn(results);
    } catch (error) {
      if (isSlow(error)) this.#most = Math.max(1, Math.floor(count / 2));
      if (error.code === 'epoch_changed' && !this.#renewed) { // the server was restored, and has judged nothing: pull first
        this.#renewed = true;
        return items;
      }
      if (!isBad(error)) throw error;
      if (count > 1) return Math.floor(count / 2);
      this.replica.answer([{ index: 0, verdict: 'refused', code: error.code, detail: error.message }]);
      return 1; // the next item may be invalid too
    }
    return this.#most;
  }

  async #pushed(...batch) {
    const answer = await push(...batch);
    if (!this.#losing) return answer;
    this.#losing = false;
    this.dispatchEvent(new Event('lost'));
    throw new Error('the answer was lost');
  }

  // Items that were too far ahead may be sent again at once, because the clock was corrected. If
  // that did not help, it will not help the next time either.
  #goOn(results) {
    const kept = results.every((r) => r.retryable);
    const again = kept && !this.#corrected && results.some((r) => r.code === 'too_far_ahead');
    this.#corrected = kept && (again || this.#corrected);
    if (kept && !again) throw new Kept(results);
  }

  #set(state) {
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }
}

/** resets reports whether lines of a pull make the replica forget the data from the server. */
const resets = (lines) => /^\{"reset":/m.test(lines);

/** holdsRecords reports whether lines of a pull have any record. */
const holdsRecords = (lines) => /^\{"(seq|table|packed)":/m.test(lines);
