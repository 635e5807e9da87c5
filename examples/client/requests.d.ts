/** A Caller is what a request needs. */
export interface Caller {
  /** of the server; '' is the address of the page */
  url?: string;
  /** the token that join returned */
  token?: string;
  /** ends the request */
  signal?: AbortSignal;
  /** takes the server's time, and the milliseconds that the answer took; see serverTime of a Replica */
  heard?: (time: string, took: number) => void;
  fetch?: typeof fetch;
}

/** A Refused is the error for an answer whose status is not a success. */
export interface Refused extends Error {
  name: 'Refused';
  status: number;
  code: string;
  /** milliseconds until the server accepts the request again */
  wait: number;
}

/** ask sends a request and returns its answer, or rejects with a Refused if the status is not a success. */
export function ask(caller: Caller, path: string, options?: RequestInit): Promise<Response>;

/** isBad reports whether the server itself, not a proxy, will never accept the request as it is. */
export function isBad(error: Error): boolean;

/** isSlow reports whether a request or its answer was late, or too large for a proxy in between. */
export function isSlow(error: Error): boolean;

/**
 * join asks for a client ID and its token. A further device of a user passes the token of another one, or an invitation
 * that names the user. A client whose token cannot be renewed any more also passes its client ID, and keeps it.
 */
export function join(place: Caller & { workspace: string; invite?: string; clientId?: string }): Promise<{ clientId: string; user: string; token: string }>;

/** renew asks for a new token for the same client. The token of the caller may have ended. */
export function renew(caller: Caller): Promise<{ token: string }>;

/** push sends a batch with the cursor of the last pull, and returns the answer. */
export function push(caller: Caller, cursor: string, batch: string): Promise<{ results: object[]; unchecked?: string[] }>;

/** pull yields the changes after a cursor as they arrive. Each text ends with the last line of a chunk. */
export function pull(caller: Caller, cursor: string): AsyncGenerator<string, void>;

/**
 * progressOf returns how far the client is after a text that pull has yielded: the server has changes up to the sequence
 * last, and the client has them up to reached. It returns null after the last change, and if the server does not tell.
 */
export function progressOf(chunk: string): { reached: number; last: number } | null;

/** events yields the last sequence whenever there is news, until the stream breaks. */
export function events(caller: Caller): AsyncGenerator<number, void>;
