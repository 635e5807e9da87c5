import type { Replica, Stamp, Value } from './index.js';

/** A Place is the write that a value belongs to. */
export interface Place extends Stamp {
  readonly table: string;
  readonly id: string;
  readonly field: string;
}

/** A Sealed is the form of a sealed value, which a server stores. */
export type Sealed = readonly ['sealed', 1, key: string, code: string];

export interface KeyringOptions {
  /** the keys by ID: 32 random bytes, or a CryptoKey for AES-GCM. Keep old keys: they are needed to read. */
  keys: { readonly [id: string]: Uint8Array | CryptoKey };
  /** the ID of the key that seals */
  current: string;
  /** reports the fields that the server may read; without it there are none. It must be the same on all devices. */
  plain?: (table: string, field: string) => boolean;
}

/** A Keyring seals and opens values. */
export interface Keyring {
  /**
   * seal returns the sealed form of a value, which differs at each call. It rejects with a FieldlwwError for the
   * reason "value" if the value is sealed already, was not opened, or is not JSON.
   */
  seal(at: Place, value: Value): Promise<Sealed>;
  /**
   * open returns the value that was sealed. It rejects with a FieldlwwError whose path is table/id/field, for the
   * reason "unsealed" (the value has another form), "key" (the key is missing), "forged" (it was changed, or sealed for
   * another place) or "value" (a holder of the key sealed something else than a value). The message never holds a value.
   */
  open(at: Place, sealed: Value): Promise<Value>;
  /** isSecret reports whether a field is sealed. */
  isSecret(table: string, field: string): boolean;
}

/** openKeyring returns a Keyring, or rejects for the reason "keys". Browsers have WebCrypto on secure pages only. */
export function openKeyring(options: KeyringOptions): Promise<Keyring>;

/** isSealed reports whether a value has the form of a sealed value. */
export function isSealed(value: Value | undefined): boolean;

/**
 * unopened returns the reason for which a value that was pulled did not open, or '' if it did. The value is then
 * { unopened: reason, was: what came }, and its field can be written like any other.
 */
export function unopened(value: Value | undefined): string;

export interface SealedFetchOptions {
  keyring: Keyring;
  replica: Replica;
  /** all entries that were saved */
  saved: Iterable<readonly [key: string, text: string]>;
  /** writes entries in one transaction, like save of a store. Their keys begin with "app/sealed/". */
  save: (entries: [key: string, text: string][]) => Promise<void>;
  fetch?: typeof fetch;
}

/**
 * sealedFetch returns a fetch for openRemote that seals what is pushed, and opens what is pulled. Each value is sealed
 * once for its stamp, and the sealed text is saved before it is sent, until the edit is answered. It is for a Replica of
 * one program, not for one that tabs share.
 */
export function sealedFetch(options: SealedFetchOptions): typeof fetch;
