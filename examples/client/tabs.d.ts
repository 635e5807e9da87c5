import type { Notice, Replica } from './index.js';
import type { Store } from './store/store.js';

/** An Act uses the Replica until its promise ends. The function save stores what has changed so far. */
export type Act<T> = (replica: Replica, save: () => Promise<void>) => T | Promise<T>;

export interface TabOptions {
  /** of the lock and of the channel that the tabs share */
  name: string;
  store: Store;
  /** the client that all tabs are, and its user; see ReplicaOptions */
  id?: string;
  user?: string;
  wall?: () => number;
  /** takes the records to draw again, after a change by this tab or by another one */
  changed?: (records: [table: string, id: string][]) => void;
  /** takes what to tell the user, after a change by this tab */
  told?: (notices: Notice[]) => void;
  /** returns what is used instead of a Replica that the tab has opened, for example withLog(replica, log) */
  wrap?: (replica: Replica) => Replica;
  /** navigator.locks, if it is left out */
  locks?: { request<R>(name: string, act: () => Promise<R>): Promise<R> };
  /** a BroadcastChannel with the name, if it is left out */
  channel?: { postMessage(message: unknown): void; close(): void; onmessage: unknown };
}

/** A Tab is one of the tabs that share a store. */
export interface Tab {
  /**
   * act waits for the lock and calls a function with the Replica. What the function changes is saved before act resolves.
   * If the function throws, nothing is changed, except what it has saved. It must not call act.
   */
  act<T>(act: Act<T>): Promise<T>;
  /** close ends the use of the channel. */
  close(): void;
}

export function openTab(options: TabOptions): Tab;
