// One replica of the page: the program that merges, its storage, and the state that is shown.

import { TABLES, isShared } from './buckets.js';
import { lossOf } from './lostrow.js';
import { Membership } from './membership.js';
import { ProgramError, run } from './program.js';
import { OWN, isEdit, removal, takeOwn, waits } from './saved.js';
import { Writer } from './writer.js';

// A user without a name is the device itself, so its edits go along when it becomes another client.
const isNamed = ({ user, clientId }) => user !== undefined && user !== clientId;

/** A Replica fires the events "edit", "erased", "change", "membership", "notice", "saving" and "saved". */
export class Replica extends EventTarget {
  #program;
  #storage;
  #writer;
  #erased = new Set(); // the records that the server has erased, as table/id

  /** @param side left or right */
  constructor(side, program, storage) {
    super();
    this.side = side;
    this.#program = program;
    this.#storage = storage;
    this.#writer = new Writer(storage, (type, detail) => this.#tell(type, detail));
    this.device = { skew: 0, online: true }; // also clientId, user and token once the device has joined, the name that it had when it left, and the name of another program than the JavaScript one
    this.tables = Object.fromEntries(TABLES.map((table) => [table, new Map()]));
    this.membership = new Membership();
    this.violations = []; // of rules
    this.losses = []; // the edits of this device that were lost, and about which its user has not decided
    this.unchecked = new Set(); // the rules that the server could not check completely
    this.waiting = 0;
    this.cursor = '';
    this.buckets = ['']; // those that the user may read, as the server told it last, without the ones of this device alone
    this.settled = false; // whether nothing is left to pull, according to the answer to the last pull
    this.offset = 0;
    this.ahead = null; // by how many milliseconds the clock of the device is ahead of the server's, by the last answer; null if unknown
    this.damaged = null; // a notice, if saved data could not be read
  }

  /** open opens the replica of a side from its saved state. The function start starts its program. */
  static async open(side, storage, start = run) {
    const replica = new Replica(side, null, storage);
    const entries = await storage.load();
    try {
      Object.assign(replica.device, JSON.parse(takeOwn(entries) ?? '{}'));
    } catch {
      replica.#tellDamage(0); // it joins as a new client, with the saved state
    }
    replica.#program = await start(replica.device.program, side).catch(() => {
      delete replica.device.program; // for example, the server cannot build it any more
      return start(undefined, side);
    });
    replica.membership = new Membership(replica.device.membership);
    if (!replica.device.clientId) return replica;
    replica.#open(replica.device.clientId, entries);
    replica.#redraw();
    return replica;
  }

  /** unsaved reports whether an action of the user is not on disk yet. */
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

  // A damaged entry must not keep the page from starting. Data from the server can be pulled
  // again. Edits are kept if they can be read.
  #salvage(clientId, entries) {
    const edits = entries.filter(isEdit);
    const kept = edits.filter((entry) => this.#opens(clientId, [entry]));
    this.#call('open', clientId, kept);
    this.#writer.save(removal(entries, kept));
    this.#tellDamage(edits.filter(waits).length - kept.filter(waits).length);
  }

  #opens(clientId, entries) {
    try {
      this.#call('open', clientId, entries);
      return true;
    } catch {
      return false;
    }
  }

  // At the start nothing listens to events yet, so the notice is kept as well.
  #tellDamage(lost) {
    this.damaged = { kind: 'damaged', lost };
    this.#tell('notice', this.damaged);
  }

  /** become makes the replica a new client of the server, with the saved state of its user. */
  async become({ clientId, token, user }) {
    this.#rememberName();
    await this.saved();
    if (isNamed(this.device) && user !== this.device.user) await this.#change(user);
    const entries = await this.#storage.load();
    takeOwn(entries);
    this.#open(clientId, entries);
    Object.assign(this.device, { clientId, token, user }); // not earlier, because opening can fail
    this.#redraw();
    this.#saveDevice();
  }

  // #change keeps the data of the user, with the edits that wait, apart from the data of another one.
  async #change(user) {
    const { name, ...device } = this.device;
    await this.#storage.exchange(device.user, user, [OWN, JSON.stringify({ ...device, user, membership: undefined })]);
    delete this.device.name;
    this.device.user = user;
    this.#setMembership({});
    this.#erased.clear();
    this.unchecked.clear();
  }

  /** renew takes a new token for the same client. Everything else stays as it is. */
  renew(token) {
    this.device.token = token;
    this.#saveDevice();
  }

  /**
   * use makes another program merge, from the saved state. If it rejects, the present program goes on. It calls the
   * function before once the other program is there, and must then not be used until the promise ends.
   */
  async use(name, before, start = run) {
    const program = await start(name, this.side);
    before();
    const { token } = this.device;
    this.device.token = null; // no edits while the state is read
    try {
      await this.saved();
      const entries = await this.#storage.load();
      takeOwn(entries);
      program.setSkew(this.device.skew);
      if (this.device.clientId) program.open(this.device.clientId, entries);
    } finally {
      this.device.token = token;
    }
    this.#call('close');
    this.#program = program;
    this.device.program = name;
    this.#redraw();
    this.#saveDevice();
  }

  /** leave forgets the data from the server and keeps the edits, to become a new client. */
  async leave() {
    const { clientId, token } = this.device;
    this.device.token = null; // no edits while the data is about to be read again
    this.#rememberName();
    try {
      await this.saved();
      const entries = await this.#storage.load();
      takeOwn(entries);
      const kept = entries.filter(isEdit);
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

  // A device keeps its name when it becomes another client.
  #rememberName() {
    const name = this.tables.devices.get(this.device.clientId)?.data.name?.value;
    if (typeof name === 'string') this.device.name = name;
  }

  /** forget forgets everything, including unsent edits. */
  async forget() {
    const { token } = this.device;
    this.device.token = null; // no edits of data that is about to be removed
    try {
      await this.saved().catch(() => {});
      await this.#storage.clear();
    } catch (error) {
      this.device.token = token;
      throw error;
    }
    this.#writer.begin();
    this.#call('close'); // otherwise the program would save the state that it still holds
    delete this.device.clientId;
    delete this.device.user;
    delete this.device.name;
    this.#setMembership({});
    this.#erased.clear();
    this.unchecked.clear();
    this.#redraw();
    this.#saveDevice();
  }

  /** learn takes what the server says about the user of the device. */
  learn(told) {
    const before = this.membership;
    const kept = JSON.stringify(before.saved);
    this.#setMembership(told);
    if (JSON.stringify(this.membership.saved) !== kept) this.#saveDevice();
    if (JSON.stringify(told.members) !== JSON.stringify(before.members)) this.#tell('membership');
  }

  #setMembership(told) {
    this.membership = new Membership(told);
    this.device.membership = this.membership.saved;
  }

  /** newId returns an ID for a new record. */
  newId() {
    return this.#call('newId');
  }

  /**
   * edit writes fields of a record; null deletes a field. Without an ID the record is new. The
   * argument seen has the writes that the user saw when the edit began, if they differ from the
   * present ones. edit reports whether it has written the fields; if not, a notice says why. An edit
   * that the user did not ask for cannot be undone.
   */
  edit(table, id, fields, seen = {}, asked = true) {
    try {
      if (!this.joined) throw new Error('this device has not joined yet');
      if (this.isErased(table, id)) throw new Error('the record was erased');
      const before = asked && this.tables[table]?.get(id)?.data;
      this.#do('edit', table, id ?? this.newId(), fields, seen);
      this.#tell('edit', { table, id, fields: Object.keys(fields), before, after: this.tables[table]?.get(id)?.data });
      return true;
    } catch (error) {
      return this.tellNotEdited(error.message, { table, id, fields });
    }
  }

  /** tellNotEdited fires a notice that says which edit was not written, and why. It returns false. */
  tellNotEdited(detail, edit) {
    this.#tell('notice', { kind: 'not_edited', detail, ...edit });
    return false;
  }

  /** isErased reports whether the server has erased a record. The Replica then has none of its values, and refuses edits of it. */
  isErased(table, id) {
    return this.#erased.has(`${table}/${id}`);
  }

  /** setSkew sets by how many milliseconds the clock of the device is off. */
  setSkew(milliseconds) {
    if (milliseconds !== this.device.skew) this.ahead = null;
    this.device.skew = milliseconds;
    if (this.joined) this.#do('setSkew', milliseconds); // otherwise it is set when the replica opens as a client
    this.#saveDevice();
  }

  setOnline(online) {
    this.device.online = online;
    this.#saveDevice();
  }

  /** beginPull returns the cursor with which to pull. */
  beginPull() {
    return this.#do('beginPull');
  }

  /** pulled takes the next chunks of the answer to the pull. */
  pulled(lines) {
    this.#do('pulled', lines);
  }

  /**
   * batch returns the first waiting edits and their number. All of them must be saved before
   * they are sent.
   * @returns {{text: string, count: number}}
   */
  batch(items, bytes) {
    return this.#call('batch', items, bytes);
  }

  /** heard records the server's time from an answer that took the given number of milliseconds. */
  heard(serverTime, took) {
    this.ahead = Math.round(this.#wall() - took / 2 - Date.parse(serverTime));
    if (this.joined) this.#do('serverTime', serverTime, took);
  }

  answer(replies) {
    this.#do('answer', JSON.stringify(replies));
  }

  /** doubt records the rules that the server could not check completely for a push. */
  doubt(rules) {
    for (const rule of rules) this.unchecked.add(rule);
    this.#tell('change', { tables: ['violations'], changed: [] });
  }

  /** outbox returns the waiting mutations. */
  outbox() {
    return this.#call('waiting');
  }

  /** digest returns a fingerprint of everything that is shown of some buckets: equal for equal data. */
  digest(buckets) {
    return buckets.map((bucket) => this.#call('digest', bucket)).join(' ');
  }

  /** why returns the last decision about a field, or null. */
  why(table, id, field) {
    return this.#call('why', table, id, field);
  }

  /** log returns what the replica did, as the text of a file for a bug report. It has no values. */
  log() {
    return this.#call('log');
  }

  /** now returns the time of the device, corrected by the server's time. */
  now() {
    return new Date(this.#wall() + this.offset);
  }

  /** serverNow returns the time of the server in milliseconds, as well as the device knows it. */
  serverNow() {
    return this.ahead === null ? this.now().getTime() : this.#wall() - this.ahead;
  }

  #wall() {
    return Date.now() + this.device.skew;
  }

  /** saved resolves when everything done so far is on disk. */
  saved() {
    return this.#writer.saved();
  }

  /** checkViolations reads the violations again, because some end as time passes. */
  checkViolations() {
    this.#readViolations();
    this.#tell('change', { tables: ['violations'], changed: [] });
  }

  #readViolations() {
    this.violations = this.#call('violations');
    this.losses = this.#call('lostEdits').map(lossOf);
  }

  #call(name, ...args) {
    try {
      return this.#program[name](...args);
    } catch (error) {
      throw new ProgramError(error.message, { cause: error });
    }
  }

  /** #do calls a function that may change state, and applies its changes. */
  #do(name, ...args) {
    const result = this.#call(name, ...args);
    this.#take();
    return result;
  }

  #take() {
    const { saves, tables, changed, notices, waiting, buckets, ...state } = this.#call('take');
    const differs = tables.length > 0 || waiting !== this.waiting;
    Object.assign(this, { waiting, ...state, buckets: buckets.filter(isShared) }); // also cursor, settled and offset
    const erased = changed.filter((view) => this.#hold(view));
    for (const { kind, table, id } of notices) {
      if (kind !== 'erased' || !(table in this.tables) || this.isErased(table, id)) continue; // the row of a lost edit is erased with its record
      this.#erase(table, id);
      erased.push({ table, id });
    }
    if (tables.includes('violations')) this.#readViolations();
    if (saves.length > 0) this.#writer.save(saves);
    if (erased.length > 0) this.#tell('erased', erased);
    if (differs) this.#tell('change', { tables, changed });
    for (const notice of notices) if (notice.kind !== 'erased') this.#tell('notice', notice);
  }

  // #hold reports whether a record has just been erased. A record without fields is not shown: it was
  // new and the server refused it, or the server has removed it.
  #hold(view) {
    const { table, id, data } = view;
    const before = this.isErased(table, id);
    if (data.$erased) this.#erase(table, id);
    else if (Object.keys(data).length === 0) this.tables[table].delete(id);
    else {
      this.#erased.delete(`${table}/${id}`);
      this.tables[table].set(id, view);
    }
    return !before && this.isErased(table, id);
  }

  #erase(table, id) {
    this.#erased.add(`${table}/${id}`);
    this.tables[table].delete(id);
    if (table === 'devices' && id === this.device.clientId && this.device.name) {
      delete this.device.name;
      this.#saveDevice();
    }
  }

  /** #redraw reads everything again. */
  #redraw() {
    for (const table of Object.values(this.tables)) table.clear();
    const changed = this.#call('records');
    for (const view of changed) this.#hold(view);
    this.#readViolations();
    this.#take(); // waiting edits were restamped if the client is a new one
    this.#tell('change', { tables: [...Object.keys(this.tables), 'violations'], changed });
  }

  #saveDevice() {
    this.#writer.save([[OWN, JSON.stringify(this.device)]]);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
