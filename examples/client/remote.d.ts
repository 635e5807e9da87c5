import type { Replica } from './index.js';
import type { Tab } from './tabs.js';

export { join } from './requests.js';
export type { Refused } from './requests.js';

export interface ServerOptions {
  /** of the server */
  url: string;
  /** the token that join returned; left out if fetch adds what the server asks for */
  token?: string;
  /** takes a new token, after the old one has ended */
  renewed?: (token: string) => void;
  /** is called when a part of the changes was pulled, and with null after the last of them; see progressOf */
  progress?: (progress: { reached: number; last: number } | null) => void;
  fetch?: typeof fetch;
}

/** A Replica of one program. */
export interface OwnReplica {
  replica: Replica;
  /**
   * writes what takeSaves returns. It is called after each change, and edits are sent only after it. Once it has
   * rejected, each round does: open the store, the Replica and the remote again.
   */
  save: () => Promise<void>;
}

/** The Replica that tabs share. */
export interface SharedReplica {
  /** of the Tab */
  act: Tab['act'];
}

export interface Remote {
  /**
   * sync pulls, pushes, and pulls again. It resolves with the number of edits that still wait, because the server asks
   * for them later, and rejects if the server cannot be asked or refuses. It may be called while another call of it runs.
   */
  sync(signal?: AbortSignal): Promise<number>;
  /**
   * events calls a function with the last sequence, first at once and then whenever there is news, until the stream
   * breaks. It waits for the promise of each call, and rejects if this does, or if the signal is aborted.
   */
  events(signal: AbortSignal | undefined, tell: (sequence: number) => unknown): Promise<void>;
}

/** openRemote connects a Replica to a server, or the Replica that tabs share. */
export function openRemote(options: ServerOptions & (OwnReplica | SharedReplica)): Remote;
