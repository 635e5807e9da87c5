// One replica, as the page uses it: the program in Go, its storage, and what is shown.

import { ProgramError, run } from './program.js';
import { OWN, keysOf, onlyWaiting, removal, takeOwn } from './saved.js';
import { Writer } from './writer.js';

/** A Replica tells by the events "edit", "change", "notice" and "saved" what happened. */
export class Replica extends EventTarget {
  #program;
  #storage;
  #writer;

  /** @param side left or right */
  constructor(side, program, storage) {
    super();
    this.side = side;
    this.#program = program;
    this.#storage = storage;
    this.#writer = new Writer(storage, (type, detail) => this.#tell(type, detail));
    this.device = { skew: 0, online: true }; // and, once it has joined, clientId and token, and its name when it left
    this.tables = { tasks: new Map(), meetings: new Map(), devices: new Map() };
    this.violations = [];
    this.unchecked = new Set(); // the rules by which the server could not check everything
    this.waiting = 0;
    this.cursor = '';
    this.offset = 0;
    this.damaged = null; // a notice, if what was saved could not be read
  }

  /** open opens the replica of a side with what was saved. */
  static async open(side, module, storage) {
    const replica = new Replica(side, await run(module, side), storage);
    const entries = await storage.load();
    try {
      Object.assign(replica.device, JSON.parse(takeOwn(entries) ?? '{}'));
    } catch {
      replica.#tellDamage(0); // it joins as a new client, with what is saved
    }
    if (!replica.device.clientId) return replica;
    replica.#open(replica.device.clientId, entries);
    replica.#redraw();
    return replica;
  }

  /** unsaved says whether something that people did is not on disk yet. */
  get unsaved() {
    return this.#writer.unsaved;
  }

  get joined() {
    return Boolean(this.device.token);
  }

  #open(clientId, entries) {
    this.#call('setSkew', this.device.skew);
    try {
      this.#call('open', clientId, entries);
    } catch {
      this.#salvage(clientId, entries);
    }
  }

  // One damaged entry must not keep the page from starting. What came from the server can be
  // pulled again; of the edits that wait, those that can be read are kept.
  #salvage(clientId, entries) {
    const readable = (key, value) => !(this.#program.open(clientId, [key, value]) instanceof Error);
    const waiting = onlyWaiting(entries);
    const kept = keysOf(waiting).flatMap((key, i) => (readable(key, waiting[2 * i + 1]) ? [key, waiting[2 * i + 1]] : []));
    this.#call('open', clientId, kept);
    this.#writer.save(removal(entries, kept));
    this.#tellDamage((waiting.length - kept.length) / 2);
  }

  // At the start nobody listens yet, so it is held as well.
  #tellDamage(lost) {
    this.damaged = { kind: 'damaged', lost };
    this.#tell('notice', this.damaged);
  }

  /** become makes the replica a client of the server, with what is saved, as a new client. */
  async become({ clientId, token }) {
    this.#rememberName();
    await this.saved();
    const entries = await this.#storage.load();
    takeOwn(entries);
    this.#open(clientId, entries);
    Object.assign(this.device, { clientId, token }); // not before it is one
    this.#redraw();
    this.#saveDevice();
  }

  /** leave forgets what came from the server and keeps what waits, to become a new client. */
  async leave() {
    const { clientId, token } = this.device;
    this.device.token = null; // no edits of what is about to be read again
    this.#rememberName();
    try {
      await this.saved();
      const entries = await this.#storage.load();
      takeOwn(entries);
      const kept = onlyWaiting(entries);
      this.#writer.save(removal(entries, kept));
      this.#saveDevice();
      await this.saved();
      this.#open(clientId, kept);
    } catch (error) {
      this.device.token = token;
      throw error;
    }
    this.#redraw();
  }

  /** startOver forgets what came from the server and keeps what waits, as the same client. */
  startOver() {
    this.#do('leave');
  }

  // A device keeps its name when it becomes another client.
  #rememberName() {
    const name = this.tables.devices.get(this.device.clientId)?.data.name?.value;
    if (typeof name === 'string') this.device.name = name;
  }

  /** forget forgets everything, unsent edits too. */
  async forget() {
    const { token } = this.device;
    this.device.token = null; // nobody may edit what is about to go
    try {
      await this.saved().catch(() => {});
      await this.#storage.clear();
    } catch (error) {
      this.device.token = token;
      throw error;
    }
    this.#writer.begin();
    this.#call('close'); // or the program would save what it still holds
    delete this.device.clientId;
    delete this.device.name;
    this.unchecked.clear();
    this.#redraw();
    this.#saveDevice();
  }

  /**
   * edit writes fields of a record; null deletes a field. Without an ID it is new. Seen has
   * the writes that the user saw when the edit began, if they are others than now. It returns
   * whether it has written them, and else tells why not.
   */
  edit(table, id, fields, seen = {}) {
    try {
      if (!this.joined) throw new Error('this device has not joined yet');
      this.#do('edit', table, id ?? this.#call('newId'), JSON.stringify(fields), JSON.stringify(seen));
      this.#tell('edit');
      return true;
    } catch (error) {
      return this.tellNotEdited(error.message, fields);
    }
  }

  /** tellNotEdited tells why an edit was not written, and what it was. It returns false. */
  tellNotEdited(detail, fields) {
    this.#tell('notice', { kind: 'not_edited', detail, fields });
    return false;
  }

  /** setSkew sets the clock of the device so many milliseconds off. */
  setSkew(milliseconds) {
    this.device.skew = milliseconds;
    if (this.joined) this.#do('setSkew', milliseconds); // or it is set when it opens as a client
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

  /**
   * batch returns the first that waits, and how many edits that is. All of it must be saved
   * before it is sent.
   * @returns {{bytes: Uint8Array, count: number}}
   */
  batch(items, bytes) {
    return this.#call('batch', items, bytes);
  }

  /** heard takes the server's time, which came with an answer after so many milliseconds. */
  heard(serverTime, took) {
    if (this.joined) this.#do('serverTime', serverTime, took);
  }

  answer(replies) {
    this.#do('answer', JSON.stringify(replies));
  }

  /** doubt notes by which rules the server could not check everything that was pushed. */
  doubt(rules) {
    for (const rule of rules) this.unchecked.add(rule);
    this.#tell('change', { tables: ['violations'], changed: [] });
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
    return this.#writer.saved();
  }

  /** checkViolations reads them again, since some end by themselves. */
  checkViolations() {
    this.violations = JSON.parse(this.#call('violations'));
    this.#tell('change', { tables: ['violations'], changed: [] });
  }

  #call(name, ...args) {
    const result = this.#program[name](...args);
    if (result instanceof Error) throw new ProgramError(result.message);
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
    const differs = tables.length > 0 || waiting !== this.waiting;
    Object.assign(this, { waiting, cursor, offset });
    for (const view of changed) this.#hold(view);
    if (tables.includes('violations')) this.violations = JSON.parse(this.#call('violations'));
    if (saves.length > 0) this.#writer.save(saves);
    if (differs) this.#tell('change', { tables, changed });
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
    this.#writer.save([OWN, JSON.stringify(this.device)]);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
