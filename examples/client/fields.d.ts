import type { Data, Integer, Value } from './index.js';

/**
 * Sets and counters have a name that is not empty, has no slash and does not begin with "$". The element e of the set s is
 * the field s/e. All functions are pure: they read what Replica.shown returns, and return fields for Replica.edit. They
 * throw a FieldlwwError for the reason "name" if the name is no such name, and "type", with the field as its path, if a
 * field is no element of a set or no addition to a counter.
 */
export type Fields = { [name: string]: Value | undefined };

/** elementsOf returns the elements of a set, sorted by the bytes of their UTF-8. */
export function elementsOf(data: Data, set: string): string[];
/** added returns the fields that add elements to a set, even those that are in it. */
export function added(set: string, ...elements: string[]): Fields;
/** removed returns the fields that remove elements from a set, even those that are not in it. */
export function removed(set: string, ...elements: string[]): Fields;
/** changed returns the fields that make a set what the elements say. If it is so already, there are none, which edit refuses. */
export function changed(data: Data, set: string, elements: string[]): Fields;

export interface Addition {
  /** random, at least 16 bytes, and used once, such as crypto.randomUUID() */
  id: string;
  n: number | Integer;
  /** the greatest number of additions that are not deleted; 1,000 if it is left out or less than 1 */
  most?: number;
}

/** sumOf returns the sum of a counter. It throws for the reason "overflow" if the sum is no integer of 64 bits. */
export function sumOf(data: Data, counter: string): number | Integer;
/** addition returns the field that adds to a counter. It throws for the reasons "id", "full" (reset the counter) and "overflow". */
export function addition(data: Data, counter: string, addition: Addition): Fields;
/** reset returns the fields that delete all additions that are shown: there are none if none is shown, which edit refuses. */
export function reset(data: Data, counter: string): Fields;
