// The server: it answers one request after another, and stores what a request changes before it answers.

const UNAVAILABLE = { status: 503, body: '{"code":"unavailable"}' };

export class Host {
  #channel;
  #start;
  #storage;
  #program = null; // null if it must be started from what is stored
  #seq = 0;
  #done = Promise.resolve(); // resolves when the requests so far are answered
  #name = crypto.randomUUID();

  /**
   * @param {BroadcastChannel} channel
   * @param {() => Promise<{open: Function, serve: Function}>} start starts the program; app/page/wasm/server.go has the list of its functions
   * @param {{load: Function, save: Function}} storage
   */
  constructor(channel, start, storage) {
    this.#channel = channel;
    this.#start = start;
    this.#storage = storage;
  }

  /** open starts the program from the stored state. */
  async open() {
    const program = await this.#start();
    check(program.open((await this.#storage.load()).flat()));
    this.#program = program;
  }

  /** announce tells all windows that the server is there, and its last sequence. */
  announce() {
    this.#channel.postMessage({ up: this.#name, seq: this.#seq });
  }

  /** hear takes a message of a window. */
  hear({ hello, ask, to, ...request }) {
    if (hello) this.announce();
    if (to === this.#name) this.#done = this.#done.then(() => this.#answer(ask, request));
  }

  async #answer(ask, request) {
    const { status, time = '', body } = await this.#serve(request).catch(() => {
      this.#program = null; // it may hold changes that are not stored
      return UNAVAILABLE;
    });
    this.#channel.postMessage({ answer: ask, status, time, body });
  }

  async #serve({ method, path, token, body }) {
    if (!this.#program) await this.open();
    const { pathname, searchParams } = new URL(path, 'http://server/');
    const answer = check(this.#program.serve(method, pathname.slice(1), [...searchParams].flat(), token, body));
    if (answer.saves.length > 0) await this.#storage.save(pairs(answer.saves));
    if (answer.seq !== this.#seq) {
      this.#seq = answer.seq;
      this.announce();
    }
    return answer;
  }
}

// The program returns an error instead of throwing it.
function check(result) {
  if (result instanceof Error) throw result;
  return result;
}

function pairs(list) {
  const all = new Map();
  for (let i = 0; i < list.length; i += 2) all.set(list[i], list[i + 1]);
  return all;
}
