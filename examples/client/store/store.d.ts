/** An entry is a key and its text. The text '' removes the entry. Keys that begin with "app/" are for the app. */
export type Entry = [key: string, text: string];

/** A Store keeps the entries of one Replica. */
export interface Store {
  /** load returns all entries, in any order. It includes all saves that have begun. */
  load(): Promise<Entry[]>;
  /** save stores the entries in one transaction, all or none, and resolves when they are on disk. Saves keep their order. */
  save(entries: Iterable<Entry>): Promise<void>;
  /** version returns a text that each save changes, also a save by another tab. It includes all saves that have begun. */
  version(): Promise<string>;
  /** close ends the use of the store, after the saves that have begun. */
  close(): Promise<void>;
}

/**
 * open opens a store, and creates it if it does not exist. The name is the path of a file, or the name of an IndexedDB
 * database. A store in memory ignores it: each is new and empty.
 */
export function open(name: string): Promise<Store>;
