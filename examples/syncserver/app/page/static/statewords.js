// The sentences about the state of a sync.

import { State } from './syncstate.js';

/** STATES has a sentence for each state. */
export const STATES = {
  [State.offline]: 'Offline. Edits are kept on this device.',
  [State.joining]: 'Joining the workspace…',
  [State.pulling]: 'Getting changes…',
  [State.pushing]: 'Sending edits…',
  [State.current]: 'Up to date.',
  [State.unreachable]: 'The server is not answering. Edits are kept here, and sent when it answers.',
  [State.busy]: 'The server cannot take edits right now. They are kept here, and sent later.',
  [State.slow]: 'The connection is too slow for this many edits at once. They are kept here, and sent a few at a time.',
  [State.quota]: 'This device has sent or fetched as much as the server allows for now. Edits are kept here, and sent as soon as it allows more.',
  [State.full]: 'The server has no room left. Edits that need more are kept here, and sent later. Deleting something makes room.',
  [State.confused]: 'This device could not read the server’s answer. Edits are kept here, and it will try again.',
  [State.notInvited]: 'This workspace needs an invitation. Open the link that you were given.',
  [State.noWorkspace]: 'There is no workspace with the name in the address: names consist of small letters, digits and hyphens. Correct the address, or open the link that you were given.',
  [State.unauthorized]: 'The server does not know this device.',
  [State.otherUser]: 'The data on this device belongs to another user. It is kept, and nothing is sent.',
  [State.notSaved]: 'This browser cannot store anything, so nothing is sent.',
};

/** WIRE has what the wire shows for states that are not just a missing connection. */
export const WIRE = {
  [State.offline]: 'offline',
  [State.joining]: 'connecting',
  [State.busy]: 'the server is busy',
  [State.slow]: 'slow connection',
  [State.quota]: 'sending later',
  [State.full]: 'the server is full',
  [State.confused]: 'unreadable answer',
  [State.notInvited]: 'not joined',
  [State.noWorkspace]: 'not joined',
};

/** BAD lists the states that need attention. */
export const BAD = [State.unreachable, State.busy, State.slow, State.quota, State.full, State.confused, State.notInvited, State.noWorkspace, State.unauthorized, State.otherUser, State.notSaved];
