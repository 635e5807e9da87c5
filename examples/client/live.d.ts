import type { Refused, Remote } from './remote.js';

export interface LiveOptions {
  remote: Remote;
  /** ends it */
  signal: AbortSignal;
  /** is called after each round, with null or with why it failed; a Refused says what the server answered */
  told?: (error: Error | Refused | null) => unknown;
}

export interface Live {
  /** wake makes a round follow at once. Call it after an edit was saved, and when the network is back. */
  wake: () => void;
  /** ended resolves when the signal was aborted and the last request has ended. */
  readonly ended: Promise<void>;
}

/**
 * keepInSync syncs at once, when the server has news, and when it is woken. A round that failed is repeated after a
 * pause, which grows to a minute, or which the server asks for. While no news can arrive, or edits wait that the server
 * wants later, there is a round each minute.
 */
export function keepInSync(options: LiveOptions): Live;
