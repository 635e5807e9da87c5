import type { Replica } from './index.js';

/** A Log keeps the last events of a client. It lives in memory: a program that is to keep it must store its text. */
export interface Log {
  add(event: { [member: string]: unknown }): void;
  /** text returns the log as JSON Lines, to save it as a file. */
  text(): string;
}

export interface LogOptions {
  /** the greatest length of all events, in characters; 1 MiB if it is left out. The oldest events go first */
  most?: number;
  /**
   * says which values the log keeps. If it is left out, there are none. The log always has client IDs, times, tables,
   * IDs, and the names of fields. It never has the losing and the winning value in the row of a lost edit, which are
   * values of another field. A large event, of more than 262,144 characters, loses its values.
   */
  values?: (table: string, field: string) => boolean;
}

/** openLog returns an empty log. It may be kept while a Replica is opened again and again. */
export function openLog(options?: LogOptions): Log;

/**
 * withLog returns a Replica that does the same as another one, and adds what it does to a log: edits, what is sent,
 * answered, received, shown and dropped, and what the user is told. Use only the returned one from then on. Its
 * functions cost more, because they read the outbox and the lines of a pull a second time. While more than 1,000 edits
 * wait, further edits and new stamps are left out.
 */
export function withLog(replica: Replica, log: Log): Replica;
