/** An Integer is an integer of 64 bits that a number cannot hold. Its text has all digits. */
export class Integer {
  constructor(text: string);
  readonly text: string;
  toString(): string;
}

/** A Value is JSON. Values that a Replica returns are never changed. */
export type Value = null | boolean | number | string | Integer | readonly Value[] | { readonly [name: string]: Value };

/** canonical returns the canonical text of a value. Values are equal if their canonical texts are. */
export function canonical(value: Value): string;

/** A Stamp is a time, a text of 30 characters whose order is the order of time, and the client that issued it. */
export interface Stamp {
  readonly updatedAt: string;
  readonly clientId: string;
}

/** A Write is a value of a field, or its deletion. */
export type Write =
  | (Stamp & { readonly value: Value; readonly deleted?: undefined })
  | (Stamp & { readonly deleted: true; readonly value?: undefined });

/** A Data maps the fields of a record to their writes. The field "$deleted" is true if the record is deleted. */
export type Data = ReadonlyMap<string, Write>;

/** A Why is the last decision between two writes of a field. */
export interface Why {
  readonly winner: Write;
  readonly loser: Write;
  /** what decided: the time; the client ID; that a deletion wins over a value; or the greater value */
  readonly step: 'time' | 'client' | 'kind' | 'value';
  /** whether the author of the winner had seen the loser, if it is known */
  readonly seen?: boolean;
  /** whether only the stamp of the earlier write is known, because its value never reached this client */
  readonly unknown: boolean;
}

/** A Notice is something to tell the user. Notices are not saved. */
export type Notice =
  /**
   * The server refused an edit permanently, and it is rolled back: rolledBack has its writes. The codes are in the
   * protocol, or are those of a rule of the app. why is "left" if the record has left the user's buckets.
   */
  | { kind: 'refused'; table: string; id: string; fields: string[]; code: string; detail: string; rolledBack: Data; why?: 'left' }
  /**
   * An edit lost to a later write by someone who had not seen it, or replaced one that its author had not seen. Both
   * are told once, by the answer to the edit. If that answer was lost, only Replica.why shows the other write.
   */
  | { kind: 'edit_lost' | 'edit_replaced'; table: string; id: string; fields: string[]; code: 'lost_edit'; other: Stamp }
  /** An edit waits because the value that it replaces has a stamp from the future. An operator can repair the value. */
  | { kind: 'future_stamp'; table: string; id: string; fields: string[]; code: 'too_far_ahead'; other?: Stamp }
  /** An edit was accepted, but the record is deleted and stays so. */
  | { kind: 'record_deleted'; table: string; id: string; code: 'update_of_deleted' }
  /** An operator has erased the record, with all its values. */
  | { kind: 'erased'; table: string; id: string }
  /**
   * The client ID is used twice, or the store was replaced by an earlier copy. Join again, and open the Replica with
   * the new client ID and the same entries: edits that wait are kept.
   */
  | { kind: 'new_id_needed'; code: 'collision' | 'rewound' }
  /** The server has no room for some edits. They wait. */
  | { kind: 'storage_full'; code: 'storage_full' }
  /** The device's clock was off. by: milliseconds, negative if the clock was ahead */
  | { kind: 'clock_corrected'; by: number; code?: 'too_far_ahead' }
  /** All data is pulled again, because the server was restored ("epoch"), or the device was away for too long ("fence"). items: the edits that wait */
  | { kind: 'resync'; why: string; items: number }
  /** The server was restored and lacked edits, which are sent again. */
  | { kind: 'sent_again'; items: number };

/** A Pull is a pull that has begun. It is settled when its last chunk was applied. */
export interface Pull {
  readonly cursor: string;
  readonly answered: number;
  readonly settled: boolean;
}

/** A Replica is one client's copy of the data. */
export interface Replica {
  readonly id: string;
  readonly cursor: string;
  readonly settled: boolean;
  /** the buckets that the user may read; [''] if the server sends everything */
  readonly buckets: readonly string[];
  /** milliseconds by which the server's clock is ahead of the device's */
  readonly offset: number;
  /** the number of edits without an answer */
  readonly waiting: number;

  /**
   * edit writes fields of a record as one mutation. The value undefined deletes a field.
   * @param seen what the user saw in the fields, if it is not what is shown
   */
  edit(table: string, id: string, fields: { [name: string]: Value | undefined }, seen?: { [name: string]: Stamp | null | undefined }): void;
  /** shown returns a record with the edits that wait. It is empty if there is no such record. */
  shown(table: string, id: string): Data;
  /** records returns the records of a table that are not empty, sorted by ID. Deleted ones may be among them. */
  records(table: string): [id: string, data: Data][];
  why(table: string, id: string, field: string): Why | null;
  /** waitingFields returns the fields of a record whose shown write waits, sorted. */
  waitingFields(table: string, id: string): string[];
  /** outbox returns the edits that wait, as JSON. */
  outbox(): string[];

  /** batch returns the next edits to push, as JSON Lines. Save before you send it. */
  batch(items?: number, bytes?: number): { text: string; count: number };
  /** answer takes the server's replies to the last batch, a JSON array. */
  answer(text: string): void;
  beginPull(): Pull;
  /** pulled applies chunks of the answer to a pull. It discards them if another pull has moved the cursor. */
  pulled(pull: Pull, lines: string): void;
  /** serverTime takes the server's time from an answer that took some milliseconds. */
  serverTime(time: string, took: number): void;
  /** now returns the device's time, corrected by the server's, in milliseconds since 1970. */
  now(): number;
  /** time returns now as the time of a stamp. */
  time(): string;
  /** forgetOffset drops the correction, because the device's clock was set. */
  forgetOffset(): void;

  /** takeSaves returns the entries to write since the last call, for one transaction. The text '' removes an entry. */
  takeSaves(): [key: string, text: string][];
  /** takeChanged returns the records whose display has changed since the last call. */
  takeChanged(): [table: string, id: string][];
  /** takeNotices returns the notices since the last call, in their order, at most the last 1,000. */
  takeNotices(): Notice[];
}

/**
 * A FieldlwwError is thrown for input that the client refuses: an edit, an entry of a store, or an answer. Nothing is
 * changed then. The path is a field or the key of an entry. The message never holds a value.
 */
export interface FieldlwwError extends Error {
  name: 'FieldlwwError';
  reason: string;
  path?: string;
}

export interface ReplicaOptions {
  /** the client that the Replica writes as; without it, the Replica cannot edit */
  id?: string;
  /** the user of the client. Entries of another user are refused, for the reason "user". */
  user?: string;
  /** reads the device's clock, in milliseconds; Date.now if it is left out */
  wall?: () => number;
  /** all entries that were saved; those whose keys begin with "app/" are ignored */
  saved?: Iterable<readonly [key: string, text: string]>;
}

/** openReplica returns a Replica with what was saved. */
export function openReplica(options: ReplicaOptions): Replica;
