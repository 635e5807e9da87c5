// One replica, as the page uses it: the program in Go that merges, its storage, and a copy
// of what it shows, which is drawn.

const OWN = 'device'; // the entry that is not the program's: who this device is
const LAZY = 2000; // milliseconds that what can be pulled again may wait to be stored

/** program fetches and compiles the program once; it is run once for each replica. */
export async function program() {
  await import('./wasm_exec.js').catch(() => {}); // where it fails, the next one tells why
  const answer = await fetch('page/replica.wasm');
  if (!answer.ok) throw new Error(await answer.text());
  return WebAssembly.compileStreaming(answer);
}

/** run runs the program and returns the functions that it offers. */
async function run(module, name) {
  globalThis.fieldlww ??= {};
  const go = new globalThis.Go();
  go.argv = ['replica', name];
  go.run(await WebAssembly.instantiate(module, go.importObject));
  return globalThis.fieldlww[name];
}

/** A Replica tells by the events "edit", "change", "notice" and "saved" what happened. */
export class Replica extends EventTarget {
  #program;
  #storage;
  #saving = Promise.resolve();
  #unsaved = new Map();
  #lazy = 0;

  /** @param side left or right */
  constructor(side, program, storage) {
    super();
    this.side = side;
    this.#program = program;
    this.#storage = storage;
    this.device = { skew: 0, online: true }; // and, once it has joined, clientId and token
    this.tables = { tasks: new Map(), meetings: new Map(), devices: new Map() };
    this.violations = [];
    this.waiting = 0;
    this.cursor = '';
    this.offset = 0;
  }

  /** open opens the replica of a side with what was saved. */
  static async open(side, module, storage) {
    const replica = new Replica(side, await run(module, side), storage);
    const entries = await storage.load();
    const own = entries.indexOf(OWN);
    if (own >= 0) Object.assign(replica.device, JSON.parse(entries.splice(own, 2)[1]));
    if (replica.device.clientId) replica.#start(entries);
    return replica;
  }

  get joined() {
    return Boolean(this.device.token);
  }

  #start(entries) {
    this.#call('setSkew', this.device.skew);
    this.#call('open', this.device.clientId, entries);
    this.#redraw();
  }

  /** become makes the replica a client of the server, with what is saved, as a new client. */
  async become({ clientId, token }) {
    Object.assign(this.device, { clientId, token });
    await this.saved();
    const entries = await this.#storage.load();
    entries.splice(entries.indexOf(OWN), entries.includes(OWN) ? 2 : 0);
    this.#start(entries);
    this.#saveDevice();
  }

  /** forget forgets everything, unsent edits too. */
  async forget() {
    await this.saved().catch(() => {});
    await this.#storage.clear();
    this.#saving = Promise.resolve();
    const { skew, online } = this.device;
    this.device = { skew, online };
    for (const table of Object.values(this.tables)) table.clear();
    Object.assign(this, { violations: [], waiting: 0, cursor: '', offset: 0 });
    this.#saveDevice();
  }

  /** edit writes fields of a record; null deletes a field. Without an ID it is new. */
  edit(table, id, fields) {
    try {
      this.#do('edit', table, id ?? this.#call('newId'), JSON.stringify(fields));
      this.#tell('edit');
    } catch (error) {
      this.#tell('notice', { kind: 'not_edited', detail: error.message });
    }
  }

  /** setSkew sets the clock of the device so many milliseconds off. */
  setSkew(milliseconds) {
    this.device.skew = milliseconds;
    this.#do('setSkew', milliseconds);
    this.#saveDevice();
  }

  setOnline(online) {
    this.device.online = online;
    this.#saveDevice();
  }

  /** pulled takes a page of changes and returns how many there were. */
  pulled(lines) {
    return this.#do('pulled', lines);
  }

  /** batch returns the first that waits. All of it must be saved before it is sent. */
  batch(items, bytes) {
    return this.#call('batch', items, bytes);
  }

  answer(replies) {
    this.#do('answer', JSON.stringify(replies));
  }

  /** outbox returns the mutations that wait. */
  outbox() {
    return JSON.parse(this.#call('waiting'));
  }

  /** digest returns a fingerprint of all that is shown: equal for equal data. */
  digest() {
    return this.#call('digest');
  }

  /** why returns the last decision about a field, or null. */
  why(table, id, field) {
    return JSON.parse(this.#call('why', table, id, field));
  }

  /** now returns the time on the device, as the server has corrected it. */
  now() {
    return new Date(Date.now() + this.device.skew + this.offset);
  }

  /** saved waits until all that was done is on disk. */
  saved() {
    this.#flush();
    return this.#saving;
  }

  /** checkViolations reads them again, since some end by themselves. */
  checkViolations() {
    this.violations = JSON.parse(this.#call('violations'));
    this.#tell('change', { tables: ['violations'], changed: [] });
  }

  #call(name, ...args) {
    const result = this.#program[name](...args);
    if (result instanceof Error) throw result;
    return result;
  }

  /** #do calls what may change something, and takes what it did. */
  #do(name, ...args) {
    const result = this.#call(name, ...args);
    this.#take();
    return result;
  }

  #take() {
    const { saves, tables, waiting, cursor, offset, ...texts } = this.#call('take');
    const changed = JSON.parse(texts.changed);
    Object.assign(this, { waiting, cursor, offset });
    for (const view of changed) this.#hold(view);
    if (tables.includes('violations')) this.violations = JSON.parse(this.#call('violations'));
    if (saves.length > 0) this.#save(saves);
    this.#tell('change', { tables, changed });
    for (const notice of JSON.parse(texts.notices)) this.#tell('notice', notice);
  }

  // A new record that the server refused has no fields any longer, and is no record.
  #hold(view) {
    if (Object.keys(view.data).length > 0) this.tables[view.table].set(view.id, view);
    else this.tables[view.table].delete(view.id);
  }

  /** #redraw reads everything anew. */
  #redraw() {
    for (const table of Object.values(this.tables)) table.clear();
    const changed = JSON.parse(this.#call('records'));
    for (const view of changed) this.#hold(view);
    this.violations = JSON.parse(this.#call('violations'));
    this.#take(); // what waits was stamped anew, if the client is another one
    this.#tell('change', { tables: [...Object.keys(this.tables), 'violations'], changed });
  }

  #saveDevice() {
    this.#save([OWN, JSON.stringify(this.device)]);
  }

  // What people wrote is stored at once, and what was pulled a little later.
  #save(entries) {
    let own = false;
    for (let i = 0; i < entries.length; i += 2) {
      this.#unsaved.set(entries[i], entries[i + 1]);
      own ||= entries[i] === OWN || entries[i].startsWith('outbox/');
    }
    if (own) this.#flush();
    else this.#lazy ||= setTimeout(() => this.#flush(), LAZY);
  }

  // Transactions on one store are done in their order, but one that failed must not be
  // forgotten: what comes after it is of no use without it.
  #flush() {
    clearTimeout(this.#lazy);
    this.#lazy = 0;
    if (this.#unsaved.size === 0) return;
    const before = this.#saving;
    const now = this.#storage.save(this.#unsaved);
    this.#unsaved = new Map();
    this.#saving = Promise.all([before, now]);
    this.#saving.then(
      () => this.#tell('saved'),
      (error) => this.#tell('notice', { kind: 'not_saved', detail: error?.message }),
    );
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
