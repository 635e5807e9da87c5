import type { Data } from './index.js';

/**
 * A Turn names one position that a client makes. The client counts them, over all its lists, and saves the count with its
 * entries, under a key that begins with "app/". If the count is lost, it goes on from lastTurn.
 */
export interface Turn {
  /** the ID of the client */
  client: string;
  /** an integer from 0 to 2^53-1 */
  n: number;
}

/**
 * between returns a position between two others, where '' is the beginning or the end of the list. A move is one write of
 * the field that holds the position. It throws a FieldlwwError for the reason "position" if a text is no position, "gap"
 * if the first one is not below the second one, "long", or "turn".
 */
export function between(before: string, after: string, turn: Turn): string;

/**
 * lastTurn returns the greatest number that a client used in any of the positions, or 0. Numbers above 2^40 do not count: no
 * client makes that many positions, and a hostile one could otherwise use up the numbers of another.
 */
export function lastTurn(client: string, positions: string[]): number;

/**
 * byPosition returns a comparison that sorts the records of a table by the position in a field, and by ID where positions
 * are equal. Records without a text come first: those without a number, and then those with numbers.
 */
export function byPosition(field: string): (a: [id: string, data: Data], b: [id: string, data: Data]) => number;

/** A Placed is an element of a list and its position. */
export interface Placed {
  id: string;
  position: string;
}

/**
 * respace returns the moves that make the positions of a list short, valid and different, and keep its order: ordinary
 * writes, with the turn and the ones after it. The position of an element that has a number or nothing in its place is ''. It is
 * needed after the reasons "gap", "long" and "position", and where positions have more than 64 characters. Two clients that
 * respace one list at the same time may change its order.
 */
export function respace(list: Placed[], turn: Turn): Placed[];
