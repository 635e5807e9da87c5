// The requests of a window to the server in this browser. The server runs in a worker of one window, and all windows reach
// it over one channel. If that window is closed, the server begins again in another one, under another name: requests that
// wait for an answer fail then, as if the network had failed, and the page sends them again.
//
// The messages of a window are { hello: true } and { ask, to, method, path, token, body }, the messages of the server are
// { up: name, seq }, { answer: ask, status, time, body } and { failed: text }.

/** Connection answers requests as the function fetch does. */
export class Connection {
  #channel;
  #name = null; // of the server; null until it has been heard
  #waiting = new Set(); // the requests that wait for a server
  #asked = new Map(); // the requests that wait for an answer, by their number
  #streams = new Set(); // the controllers of open streams of events
  #last = 0;
  #window = crypto.randomUUID();

  /** @param {BroadcastChannel} channel */
  constructor(channel) {
    this.#channel = channel;
    channel.onmessage = ({ data }) => this.#hear(data);
    channel.postMessage({ hello: true });
  }

  /** fetch sends a request to a path such as v1/pull. */
  async fetch(path, { method = 'GET', headers = {}, body = '', signal } = {}) {
    const token = (headers.Authorization ?? '').replace('Bearer ', '');
    if (!this.#name) await this.#promise(signal, (call) => this.#waiting.add(call), (call) => this.#waiting.delete(call));
    const ask = `${this.#window}/${++this.#last}`;
    const sent = this.#promise(signal, (call) => this.#asked.set(ask, call), () => this.#asked.delete(ask));
    this.#channel.postMessage({ ask, to: this.#name, method, path, token, body });
    const answer = await sent;
    const isStream = path === 'v1/events' && answer.status === 200;
    return new Response(isStream ? this.#stream(answer.body, signal) : answer.body, {
      status: answer.status,
      headers: { 'Server-Time': answer.time },
    });
  }

  // #promise makes a promise and hands its functions to add. If the signal is aborted first, it calls remove.
  #promise(signal, add, remove) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const call = { resolve, reject };
      add(call);
      signal?.addEventListener('abort', () => {
        remove(call);
        reject(signal.reason);
      }, { once: true });
    });
  }

  #stream(first, signal) {
    let controller;
    return new ReadableStream({
      start: (c) => {
        controller = c;
        this.#streams.add(c);
        c.enqueue(bytesOf(first));
        signal?.addEventListener('abort', () => this.#streams.delete(c) && c.error(signal.reason), { once: true });
      },
      cancel: () => this.#streams.delete(controller),
    });
  }

  #hear({ up, seq, answer, failed, ...rest }) {
    if (up) this.#find(up, seq);
    else if (answer) {
      this.#asked.get(answer)?.resolve(rest);
      this.#asked.delete(answer);
    } else if (failed) this.#refuse(this.#waiting, new TypeError(failed));
  }

  // #find takes note that a server is there, and of its last sequence.
  #find(name, seq) {
    if (this.#name && this.#name !== name) {
      const moved = new TypeError('the server has moved to another window');
      this.#refuse(this.#asked, moved);
      for (const controller of this.#streams) controller.error(moved);
      this.#streams.clear();
    }
    this.#name = name;
    for (const { resolve } of this.#waiting) resolve();
    this.#waiting.clear();
    for (const controller of this.#streams) controller.enqueue(bytesOf(`data: ${seq}\n\n`));
  }

  #refuse(calls, error) {
    for (const { reject } of calls.values()) reject(error);
    calls.clear();
  }
}

const bytesOf = (text) => new TextEncoder().encode(text);
