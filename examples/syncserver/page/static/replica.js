// One replica, as the page uses it: the program in Go that merges, its storage, and a copy
// of what it shows, which is drawn.

const OWN = 'device'; // the entry that is not the program's: who this device is

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

/** A replica tells by the events "change", "notice" and "saved" what happened. */
export class Replica extends EventTarget {
  #program;
  #storage;
  #saving = Promise.resolve();

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
    const own = entries.find((e) => e.key === OWN);
    if (own) Object.assign(replica.device, JSON.parse(own.value));
    if (replica.device.clientId) replica.#start(entries);
    return replica;
  }

  get joined() {
    return Boolean(this.device.token);
  }

  #start(entries) {
    const saved = entries.filter((e) => e.key !== OWN).flatMap((e) => [e.key, e.value]);
    this.#call('setSkew', this.device.skew);
    this.#call('open', this.device.clientId, saved);
    this.#redraw();
  }

  /** become makes the replica a client of the server, with what is saved, as a new client. */
  async become({ clientId, token }) {
    Object.assign(this.device, { clientId, token });
    await this.saved();
    this.#start(await this.#storage.load());
    this.#saveDevice();
    this.#take();
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

  /** edit writes fields of a record; null deletes a field. Without an ID it is a new one. */
  edit(table, id, fields) {
    const key = id ?? this.#call('newId');
    this.#do('edit', table, key, JSON.stringify(fields));
    return key;
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
    const { saves, changed, tables, notices, waiting, cursor, offset } = JSON.parse(this.#call('take'));
    Object.assign(this, { waiting, cursor, offset });
    for (const view of changed) this.tables[view.table]?.set(view.id, view);
    if (tables.includes('violations')) this.violations = JSON.parse(this.#call('violations'));
    if (saves.length > 0) this.#save(saves);
    this.#tell('change', { tables, changed });
    for (const notice of notices) this.#tell('notice', notice);
  }

  /** #redraw reads everything anew. */
  #redraw() {
    for (const table of Object.values(this.tables)) table.clear();
    const changed = JSON.parse(this.#call('records'));
    for (const view of changed) this.tables[view.table].set(view.id, view);
    this.violations = JSON.parse(this.#call('violations'));
    const { waiting, cursor, offset } = JSON.parse(this.#call('take'));
    Object.assign(this, { waiting, cursor, offset });
    this.#tell('change', { tables: [...Object.keys(this.tables), 'violations'], changed });
  }

  #saveDevice() {
    this.#save([{ key: OWN, value: JSON.stringify(this.device) }]);
  }

  // Transactions on one store are done in their order, but one that failed must not be
  // forgotten: what comes after it is of no use without it.
  #save(entries) {
    const before = this.#saving;
    const now = this.#storage.save(entries);
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
