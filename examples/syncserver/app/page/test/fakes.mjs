// The parts of a browser that the page's scripts need in tests: elements, a program that holds
// an outbox, storage in memory, and a server that is a function.

process.env.TZ = 'UTC'; // the tests read times of the reader's zone
globalThis.addEventListener = () => {};
globalThis.CSS = { supports: () => true };
globalThis.document = { hidden: false, addEventListener() {}, createElement: () => new Element() };

/** An Element has children and little else. */
export class Element extends EventTarget {
  children = [];
  dataset = {};
  hovered = false;

  setAttribute(name, value) {
    if (name.startsWith('data-')) this.dataset[name.slice('data-'.length)] = value;
  }

  get textContent() { return this.children.map((child) => child.textContent ?? child).join(''); }
  contains() { return false; }
  matches() { return this.hovered; }
  remove() { this.parent.children.splice(this.parent.children.indexOf(this), 1); }

  append(...all) {
    this.children.push(...all);
    for (const child of all) if (child instanceof Element) child.parent = this;
  }
}

/** A Control is an element that a user types in. Like a browser, it fires "change" only
 * if its text differs from the text at the last focus or Enter. */
export class Control extends EventTarget {
  classList = { toggle() {} };
  validity = { badInput: false };
  value = '';
  #attributes = new Set();
  #before = '';

  constructor(kind) {
    super();
    Object.assign(this, { TEXTAREA: { type: 'textarea' }, SELECT: { type: 'select-one' }, INPUT: { type: 'text' } }[kind], { tagName: kind });
  }

  hasAttribute(name) { return this.#attributes.has(name); }
  toggleAttribute(name, on) { this.#attributes[on ? 'add' : 'delete'](name); }

  focus() {
    document.activeElement = this;
    this.#before = this.value;
  }

  enter(text) {
    this.dispatchEvent(Object.assign(new Event('keydown'), { key: 'x' }));
    this.value = text;
    this.dispatchEvent(new Event('input'));
    if (this.tagName === 'SELECT') this.#change();
  }

  press(key) {
    this.dispatchEvent(Object.assign(new Event('keydown', { cancelable: true }), { key }));
    if (key !== 'Enter') return;
    if (this.tagName === 'TEXTAREA') this.dispatchEvent(Object.assign(new Event('beforeinput', { cancelable: true }), { inputType: 'insertLineBreak' }));
    else this.#change();
  }

  async blur() {
    document.activeElement = null;
    this.#change();
    this.dispatchEvent(new Event('blur'));
    await null;
  }

  #change() {
    if (this.value !== this.#before) this.dispatchEvent(new Event('change'));
    this.#before = this.value;
  }
}

const { Membership } = await import('../static/membership.js');
const { Replica } = await import('../static/replica.js');
const { Sync } = await import('../static/sync.js');

/**
 * A Program stands in for what merges. It represents an edit by the ID of the record, and treats
 * the value "{" as damaged.
 */
export class Program {
  outbox = [];
  records = [];
  clientId = null;
  cursor = '';
  buckets = [''];
  settled = false;
  times = [];
  #skew = 0;
  #saves = [];
  #sent = 0;
  #ids = 0;

  /** functions contains the functions, under the names that they have in a real program. */
  functions = {
    setSkew: (skew) => {
      if (skew !== this.#skew) this.#saves.push(['state', JSON.stringify({ cursor: this.cursor })]);
      this.#skew = skew;
    },
    open: (clientId, entries) => this.#open(clientId, entries),
    newId: () => `new${++this.#ids}`,
    edit: (table, id) => {
      this.outbox.push(id);
      this.#saves.push([`outbox/${id}`, id]);
    },
    beginPull: () => {
      this.settled = false;
      return this.cursor;
    },
    pulled: () => void (this.settled = true),
    close: () => this.#open(null, []),
    batch: (items, bytes) => this.#batch(items, bytes),
    serverTime: (time) => void this.times.push(time),
    answer: (text) => this.#answer(JSON.parse(text)),
    records: () => [],
    violations: () => [],
    lostEdits: () => [],
    take: () => ({ saves: this.#saves.splice(0), tables: [], waiting: this.outbox.length, cursor: this.cursor, settled: this.settled, offset: 0, buckets: this.buckets, changed: [], notices: [] }),
  };

  #open(clientId, entries) {
    if (entries.some(([, value]) => value === '{')) throw new Error('saved entry: unexpected end of JSON input');
    const keys = entries.map(([key]) => key);
    this.clientId = clientId;
    this.cursor = JSON.parse(new Map(entries).get('state') ?? '{}').cursor ?? '';
    this.outbox = keys.filter((key) => key.startsWith('outbox/')).map((key) => key.slice('outbox/'.length));
    this.records = keys.filter((key) => key.startsWith('record/'));
  }

  #batch(items, bytes) {
    this.#sent = Math.min(items, this.outbox.length);
    while (this.#sent > 1 && this.outbox.slice(0, this.#sent).join().length > bytes) this.#sent--;
    return { text: this.outbox.slice(0, this.#sent).join(), count: this.#sent };
  }

  #answer(results) {
    if (results.length !== this.#sent) throw new Error(`${results.length} replies to ${this.#sent} items`);
    const sent = this.outbox.splice(0, results.length);
    this.outbox.unshift(...sent.filter((_, i) => results[i].retryable));
    this.#saves.push(...sent.filter((_, i) => !results[i].retryable).map((id) => [`outbox/${id}`, '']));
  }
}

/** memory returns storage in memory with the given entries. */
export function memory(entries = {}) {
  const disk = new Map(Object.entries(entries));
  return {
    disk,
    load: async () => [...disk],
    save: async (all) => all.forEach((value, key) => (value === '' ? disk.delete(key) : disk.set(key, value))),
    clear: async () => disk.clear(),
  };
}

const ME = { user: 'me', members: [{ user: 'me', bucket: '', role: 'writer' }] };

/** device returns a replica that has joined, with its program and storage. */
export function device(storage = memory()) {
  const program = new Program();
  const replica = new Replica('left', program.functions, storage);
  Object.assign(replica.device, { clientId: 'old', token: 'old' });
  replica.membership = new Membership(ME);
  replica.device.membership = replica.membership.saved;
  return { program, storage, replica };
}

/**
 * online starts to sync with a server, a function that gets the kind and the body of a request.
 * @param {(what: 'join'|'pull'|'push', body: string, signal: AbortSignal, path: string) => Response} server
 */
export function online(replica, server, events = { listen() {} }, membership = undefined) {
  serve(server, membership);
  const sync = new Sync(replica, events, { workspace: 'demo' });
  sync.start();
  return sync;
}

/** serve answers requests by a server, and those about members by another one, which knows one user. */
export function serve(server, membership = () => json(ME)) {
  globalThis.fetch = async (path, { method, body, signal }) => {
    const [, what] = /v1\/(\w+)/.exec(path);
    return what === 'members' ? membership(method, body, path) : server(what, body, signal, path);
  };
}

/** json returns an answer with a JSON body. */
export const json = (value, status = 200) => new Response(JSON.stringify(value), { status });

/** verdicts answers a push with one verdict for all of its items. */
export const verdicts = (batch, result) => json({ results: batch.split(',').map(() => result) });

export const accepted = { verdict: 'accepted' };

/** until waits until a condition holds. */
export async function until(condition) {
  for (let i = 0; !condition(); i++) {
    if (i === 2000) throw new Error(`never: ${condition}`);
    await new Promise(setImmediate);
  }
}
