import type { Data } from './index.js';

/** A Digest is a fingerprint of a set of records. Equal sets have equal texts. */
export interface Digest {
  /** add adds a record with all its writes. */
  add(table: string, id: string, data: Data): void;
  /** remove removes a record that was added with the same writes. */
  remove(table: string, id: string, data: Data): void;
  /** toString returns 64 hexadecimal digits, as Digest.String of the library does. */
  toString(): string;
}

/** openDigest returns the Digest of no records. */
export function openDigest(): Digest;
