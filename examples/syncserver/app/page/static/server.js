// The requests of a replica to the server, and its stream of events.

import { lock } from './lock.js';

/** Refused is the error for an answer whose status is not a success. */
export class Refused extends Error {
  constructor({ status, headers }, { code = `status ${status}`, detail }) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.wait = 1000 * (Number(headers.get('Retry-After')) || 0); // milliseconds until the server accepts the request again
  }
}

/**
 * A Caller provides what a request needs: the token, the signal that ends the request, and the
 * function to call with the server's time and the milliseconds that the answer took.
 * @typedef {{token?: string, signal: AbortSignal, heard?: (serverTime: string, took: number) => void}} Caller
 */

async function request(path, { token, signal, heard }, options) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const asked = Date.now();
  const answer = await fetch(path, { cache: 'no-store', ...options, signal, headers });
  const time = answer.headers.get('Server-Time');
  if (time && !signal.aborted) heard?.(time, Date.now() - asked);
  if (answer.ok) return answer;
  throw new Refused(answer, await answer.json().catch(() => ({})));
}

const PATIENCE = 60_000; // milliseconds that an answer may take, or pause
const hurried = (caller) => ({ ...caller, signal: AbortSignal.any([caller.signal, AbortSignal.timeout(PATIENCE)]) });

/** join asks for a client ID and the token that goes with it. */
export async function join(caller, { workspace, invite }) {
  const body = JSON.stringify({ workspace, invite });
  return (await request('v1/join', hurried(caller), { method: 'POST', body })).json();
}

/** renew asks for a new token for the same client. The token of the caller may have ended. */
export async function renew(caller) {
  return (await request('v1/renew', hurried(caller), { method: 'POST' })).json();
}

/** push sends a batch, with the cursor of the last pull, and returns the text of the answer. */
export async function push(caller, cursor, batch) {
  const path = `v1/push?v=2&cursor=${encodeURIComponent(cursor)}`;
  return (await request(path, hurried(caller), { method: 'POST', body: batch })).text();
}

/** members asks for the members of the buckets of the device's user. */
export async function members(caller) {
  return (await request('v1/members', hurried(caller))).json();
}

/** changeMember makes a user a member of a bucket, or changes the role; the role '' takes the membership away. */
export async function changeMember(caller, { user, bucket, role }) {
  if (role !== '') return request('v1/members', hurried(caller), { method: 'POST', body: JSON.stringify({ user, bucket, role }) });
  return request(`v1/members?${new URLSearchParams({ user, bucket })}`, hurried(caller), { method: 'DELETE' });
}

const PART = 1 << 18; // bytes collected for one call to the program

/**
 * pull yields the lines of the changes after a cursor, in parts, as they arrive: while one part is
 * applied, the next is on its way.
 */
export async function* pull(caller, cursor, limit) {
  const watch = new Watch(PATIENCE, caller.signal);
  try {
    const answer = await request(`v1/pull?cursor=${encodeURIComponent(cursor)}&limit=${limit}`, { ...caller, signal: watch.signal });
    const reader = answer.body.getReader();
    for (let held = [], size = 0; ; ) {
      const { done, value } = await reader.read();
      watch.heard();
      if (value) {
        held.push(value);
        size += value.length;
      }
      if (!done && size < PART) continue;
      const bytes = new Uint8Array(await new Blob(held).arrayBuffer());
      const end = bytes.lastIndexOf(10) + 1; // after the last complete line
      if (end > 0) yield { lines: bytes.subarray(0, end), more: !done };
      if (done && end < bytes.length) throw new Error('the answer was cut off');
      if (done) return;
      held = [bytes.subarray(end)];
      size -= end;
    }
  } finally {
    watch.end();
  }
}

/** A Watch aborts an answer that pauses for too long. */
class Watch {
  #dead = new AbortController();
  #timer = 0;

  constructor(milliseconds, signal) {
    this.milliseconds = milliseconds;
    this.signal = AbortSignal.any([signal, this.#dead.signal]);
    this.heard();
  }

  /** heard restarts the timeout, because data has arrived. */
  heard() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#dead.abort(), this.milliseconds);
  }

  /** end aborts the rest of the answer. */
  end() {
    clearTimeout(this.#timer);
    this.#dead.abort();
  }
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

// The server sends something every 15 s. A stream without data for longer is dead.
const SILENCE = 40_000;

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
 * the replicas of a tab are different users, so each has a stream of its own. A hidden tab has none. A
 * token must not appear in an address, so this is a fetch, not an EventSource.
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
        for await (const seq of sequences(token, signal)) {
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

/** sequences reads the stream, and ends when it pauses for too long. */
async function* sequences(token, signal) {
  const watch = new Watch(SILENCE, signal);
  try {
    const answer = await request('v1/events', { token, signal: watch.signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ''; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      watch.heard();
      const lines = (text + value).split('\n');
      text = lines.pop();
      for (const line of lines) {
        if (line.startsWith('data: ')) yield Number(line.slice('data: '.length));
      }
    }
  } finally {
    watch.end();
  }
}
