// The requests that only this page makes, its stream of events, and pauses.

import { ask, events } from '../../../../client/requests.js';
import { lock } from './lock.js';

/** members asks for the members of the buckets of the device's user. */
export async function members(caller) {
  return (await ask(caller, 'v1/members')).json();
}

/** changeMember makes a user a member of a bucket, or changes the role; the role '' takes the membership away. */
export async function changeMember(caller, { user, bucket, role }) {
  if (role !== '') return ask(caller, 'v1/members', { method: 'POST', body: JSON.stringify({ user, bucket, role }) });
  return ask(caller, `v1/members?${new URLSearchParams({ user, bucket })}`, { method: 'DELETE' });
}

/**
 * pause waits for a number of milliseconds, or until it is woken or the signal is aborted.
 * @returns {{done: Promise<void>, wake: () => void}}
 */
export function pause(milliseconds, signal) {
  let wake, timer;
  const woken = new Promise((resolve) => {
    wake = resolve;
    signal?.addEventListener('abort', resolve);
    if (signal?.aborted) resolve();
    if (milliseconds !== Infinity) timer = setTimeout(resolve, milliseconds);
  });
  const done = woken.then(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', wake); // one signal serves many pauses, and would keep all their listeners
  });
  return { done, wake };
}

/** backoff returns how long to wait after a number of consecutive failures: at most 10 s. */
export function backoff(failures) {
  return Math.min(10_000, 400 * 1.6 ** failures) * (0.5 + Math.random() / 2);
}

// A browser opens at most six connections to one server, for all tabs. The others are for requests.
const STREAMS = 4;

const POLL = 5000; // milliseconds between pulls of a replica for which there is no stream

/** takePlace returns the function that gives the place of a stream back, or null if all are taken. */
async function takePlace() {
  for (let n = 1; n <= STREAMS; n++) {
    const release = await lock(`fieldlww-stream/${n}`);
    if (release) return release;
  }
  return null;
}

/**
 * Events keeps a stream on which the server sends the last sequence whenever it has news for a user:
 * the replicas of a tab are different users, so each has a stream of its own. A hidden tab has none.
 */
export class Events {
  #token = null;
  #abort = null;

  /**
   * @param {(news: {up?: boolean, seq?: number, first?: boolean}) => void} tell first means that news may
   * have been missed; without up, there is no stream now, and there may be news
   */
  constructor(tell) {
    this.tell = tell;
    document.addEventListener('visibilitychange', () => this.#restart());
    addEventListener('online', () => this.#restart());
  }

  /** listen sets the token with which to listen; null stops the stream. */
  listen(token) {
    if (this.#token === (token ?? null)) return;
    this.#token = token ?? null;
    this.#restart();
  }

  #restart() {
    this.#abort?.abort();
    this.#abort = null;
    if (!this.#token || document.hidden) return;
    this.#abort = new AbortController();
    this.#run(this.#token, this.#abort.signal);
  }

  async #run(token, signal) {
    for (let failures = 0; !signal.aborted; ) {
      const release = await takePlace();
      if (!release) {
        this.tell({});
        await pause(POLL, signal).done;
        continue;
      }
      try {
        let first = true;
        for await (const seq of events({ token, signal })) {
          failures = 0;
          this.tell({ up: true, seq, first });
          first = false;
        }
      } catch {
        // Broken streams are normal: begin again.
      } finally {
        release();
      }
      if (signal.aborted) return;
      this.tell({ up: false });
      await pause(backoff(failures++), signal).done;
    }
  }
}
