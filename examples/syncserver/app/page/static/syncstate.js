// The states of a Sync, and the failures that lead to them.

import { ProgramError } from './program.js';

/** The states of a Sync, as shown to people. */
export const State = {
  offline: 'offline',
  joining: 'joining',
  pulling: 'pulling',
  pushing: 'pushing',
  current: 'current',
  unreachable: 'unreachable', // retries
  busy: 'busy', // the server answers but cannot accept edits now; retries
  slow: 'slow', // the edits did not arrive in time; retries with fewer
  quota: 'quota', // the quota of this device is used up; retries when it is renewed
  full: 'full', // the server has no room for data that edits would add; retries
  confused: 'confused', // the replica cannot read the server's answer; retries
  notInvited: 'notInvited',
  noWorkspace: 'noWorkspace', // the address names no workspace
  unauthorized: 'unauthorized', // the server does not know this device
  otherUser: 'otherUser', // the data on this device belongs to another user
  notSaved: 'notSaved',
};

/** Offline means that the device is switched offline. */
export class Offline extends Error {
  message = 'this device is offline';
}

/** NotSaved means that this browser's storage failed, so nothing can be kept. */
export class NotSaved extends Error {}

/** NoWorkspace means that the name in the address is not a workspace of the server. */
export class NoWorkspace extends Error {}

/** Kept means that the server accepts none of the edits now and asks for them later. */
export class Kept extends Error {
  constructor(results) {
    super();
    this.full = results.some((r) => r.code === 'storage_full');
  }
}

/** Early means that a kind of request must not be sent for the given number of milliseconds. */
export class Early extends Error {
  constructor(wait) {
    super();
    this.wait = wait;
  }
}

// In these states, the server cannot be asked.
export const AWAY = [State.offline, State.joining, State.unreachable, State.notInvited, State.noWorkspace, State.unauthorized, State.otherUser, State.notSaved];

// In these states, the sync does not retry.
export const FINAL = [State.notSaved, State.unauthorized, State.otherUser, State.notInvited, State.noWorkspace];

/** stateAfter returns the state that a failure leads to. */
export function stateAfter(error) {
  if (error instanceof NotSaved) return State.notSaved;
  if (error instanceof NoWorkspace) return State.noWorkspace;
  if (error instanceof Kept) return error.full ? State.full : State.busy;
  if (error instanceof Early) return State.quota;
  if (error instanceof ProgramError || error.name === 'FieldlwwError') return State.confused;
  if (error.code === 'client_taken') return State.otherUser;
  if (error.name !== 'Refused') return State.unreachable;
  return { 401: State.unauthorized, 403: State.notInvited, 408: State.slow, 409: State.confused, 429: State.quota, 500: State.busy, 503: State.busy }[error.status] ?? State.unreachable;
}
