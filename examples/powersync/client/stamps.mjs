// Writes rows of a PowerSync database with stamps, so that a server can merge them field by field.
//
// A table whose rows are merged has the option trackMetadata, and a TEXT column named stamps with the stamp of each
// column, which the server fills. The local tables of stampTables() must be in the schema as well.

import { after, later, msOf, timeIn, timeOf } from './time.mjs';

const DELETED = '$deleted';

/** stampTables returns the local tables that Stamps needs; Table and column come from the PowerSync SDK. */
export const stampTables = ({ Table, column }) => ({
  // One row: the clock of the device, the greatest stamp time that the server has, and the correction of the clock.
  stamp_clock: new Table({ last: column.text, accepted: column.text, offset: column.integer }, { localOnly: true }),
  // One row for each stamp that was replaced after the clock was corrected; id is the old stamp.
  stamp_replaced: new Table({ stamp: column.text }, { localOnly: true }),
});

/**
 * Stamps writes rows. clientId is the ID of this device, which the server knows; it must be a new one after the database
 * was cleared. All writes of the merged tables must go through it.
 */
export class Stamps {
  constructor(db, { clientId, wall = Date.now }) {
    Object.assign(this, { db, clientId, wall });
  }

  insert = (table, id, columns) => this.transaction((edit) => edit.insert(table, id, columns));
  update = (table, id, columns) => this.transaction((edit) => edit.update(table, id, columns));
  remove = (table, id) => this.transaction((edit) => edit.remove(table, id));

  /** transaction calls body with an Edit, in one transaction of the database. */
  transaction(body) {
    return this.db.writeTransaction(async (tx) => {
      const edit = new Edit(tx, this, await readClock(tx), await readReplaced(tx));
      const result = await body(edit);
      await writeClock(tx, edit.clock);
      return result;
    });
  }

  /** sent returns the metadata of entries as they are uploaded: with the stamps that replaced stamps of a wrong clock. */
  async sent(entries) {
    const replaced = await readReplaced(this.db);
    const now = (stamp) => (stamp === null ? null : replaced.get(stamp) ?? stamp);
    return entries.map(({ metadata }) => {
      const m = parse(metadata);
      if (m === null) return metadata;
      const base = Object.fromEntries(Object.entries(m.base ?? {}).map(([name, stamp]) => [name, now(stamp)]));
      return JSON.stringify({ ...m, stamp: now(m.stamp), base });
    });
  }

  /** accepted notes the stamps of a transaction that the server has. */
  accepted(metadatas) {
    return this.db.writeTransaction(async (tx) => {
      const clock = await readClock(tx);
      for (const m of metadatas.map(parse)) if (m !== null) clock.accepted = later(clock.accepted, timeIn(m.stamp));
      await writeClock(tx, clock);
    });
  }

  /**
   * correct sets the clock by the server's time, and replaces the stamps of waiting entries from a refused stamp on.
   * The server has none of them: a greater stamp was never accepted, because it is further ahead than the refused one.
   */
  correct(serverTime, refused) {
    return this.db.writeTransaction(async (tx) => {
      const [clock, replaced] = [await readClock(tx), await readReplaced(tx)];
      clock.offset = msOf(serverTime) - this.wall();
      clock.last = later(serverTime, clock.accepted);
      const wrong = [];
      for (const { data } of await tx.getAll('SELECT data FROM ps_crud ORDER BY id')) {
        const stamp = parse(JSON.parse(data).metadata)?.stamp;
        const now = replaced.get(stamp) ?? stamp;
        if (stamp === undefined) continue;
        if (now >= refused) wrong.push(new Set([stamp, now]));
        else clock.last = later(clock.last, timeIn(now));
      }
      for (const olds of wrong) {
        const stamp = this.tick(clock);
        for (const old of olds) {
          await tx.execute('DELETE FROM stamp_replaced WHERE id = ?', [old]);
          await tx.execute('INSERT INTO stamp_replaced (id, stamp) VALUES (?, ?)', [old, stamp]);
        }
      }
      await writeClock(tx, clock);
    });
  }

  /** tick returns a new stamp of the clock. */
  tick(clock) {
    clock.last = later(after(clock.last || timeOf(0)), timeOf(this.wall() + clock.offset));
    return `${clock.last}/${this.clientId}`;
  }
}

/** Edit writes rows in a transaction. Each statement sets the columns, their stamps, and _metadata. */
class Edit {
  constructor(tx, stamps, clock, replaced) {
    Object.assign(this, { tx, stamps, clock, replaced });
  }

  /** insert writes the columns that are not null, because the queue leaves out the others. */
  async insert(table, id, columns) {
    const stamp = this.stamps.tick(this.clock);
    const names = Object.keys(columns).filter((name) => columns[name] !== null);
    const base = Object.fromEntries(names.map((name) => [name, null]));
    const known = JSON.stringify(Object.fromEntries(names.map((name) => [name, stamp])));
    const all = ['id', ...names, 'stamps', '_metadata'].map(quote);
    const values = [id, ...names.map((name) => cell(columns[name])), known, JSON.stringify({ stamp, base, new: true })];
    await this.tx.execute(`INSERT INTO ${quote(table)} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})`, values);
  }

  /** update writes the columns whose value differs, because a stamp says that somebody wrote this value. */
  async update(table, id, columns) {
    const { row, seen } = await this.read(table, id);
    const names = Object.keys(columns).filter((name) => cell(columns[name]) !== row[name]);
    if (names.length === 0) return;
    const stamp = this.stamps.tick(this.clock);
    const known = seen && JSON.stringify({ ...seen, ...Object.fromEntries(names.map((name) => [name, stamp])) });
    const all = [...names, 'stamps', '_metadata'].map((name) => `${quote(name)} = ?`);
    const values = [...names.map((name) => cell(columns[name])), known, metadata(stamp, seen, names), id];
    await this.tx.execute(`UPDATE ${quote(table)} SET ${all.join(', ')} WHERE id = ?`, values);
  }

  /** remove deletes a row. A plain DELETE could not set _metadata. */
  async remove(table, id) {
    const { seen } = await this.read(table, id);
    const stamp = this.stamps.tick(this.clock);
    const text = metadata(stamp, seen, [DELETED]);
    await this.tx.execute(`UPDATE ${quote(table)} SET _deleted = TRUE, _metadata = ? WHERE id = ?`, [text, id]);
  }

  /** read returns a row and the stamps that the user sees in it. The clock follows them, so the next stamp is greater. */
  async read(table, id) {
    const row = await this.tx.get(`SELECT * FROM ${quote(table)} WHERE id = ?`, [id]);
    if (row.stamps === null) return { row, seen: null };
    const seen = JSON.parse(row.stamps);
    for (const name of Object.keys(seen)) {
      seen[name] = this.replaced.get(seen[name]) ?? seen[name];
      if (!this.isDropped(seen[name])) this.clock.last = later(this.clock.last, timeIn(seen[name]));
    }
    return { row, seen };
  }

  /** isDropped reports whether a stamp is the stamp of a write that was dropped, made before the clock was corrected. */
  isDropped = (stamp) => stamp.endsWith(`/${this.stamps.clientId}`) && timeIn(stamp) > this.clock.last;
}

/** metadata returns the metadata of a write. seen is null if the row has no stamps: then it is not known what the user saw. */
const metadata = (stamp, seen, names) =>
  JSON.stringify(seen === null ? { stamp } : { stamp, base: Object.fromEntries(names.map((name) => [name, seen[name] ?? null])) });

/** parse returns the metadata of an entry, or null if it has no stamp. */
export function parse(text) {
  try {
    const m = JSON.parse(text);
    return typeof m?.stamp === 'string' ? m : null;
  } catch {
    return null;
  }
}

const quote = (name) => `"${name.replaceAll('"', '""')}"`;
const cell = (value) => (typeof value === 'boolean' ? Number(value) : value);

async function readClock(tx) {
  const row = await tx.getOptional('SELECT last, accepted, offset FROM stamp_clock');
  return row ?? { last: '', accepted: '', offset: 0 };
}

async function writeClock(tx, { last, accepted, offset }) {
  await tx.execute('DELETE FROM stamp_clock');
  await tx.execute("INSERT INTO stamp_clock (id, last, accepted, offset) VALUES ('clock', ?, ?, ?)", [last, accepted, offset]);
}

async function readReplaced(tx) {
  const rows = await tx.getAll('SELECT id, stamp FROM stamp_replaced');
  return new Map(rows.map(({ id, stamp }) => [id, stamp]));
}
