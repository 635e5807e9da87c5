// What merges in a replica: the JavaScript client, or the replica in Go, built for WebAssembly. Both have the same
// functions and read the same saved entries, so a replica can go over from one to the other.

import { javascript } from './javascript.js';

/** ProgramError reports that a call to a program failed. */
export class ProgramError extends Error {}

/**
 * run starts a program for one side of the page and returns its functions:
 *
 *   open(clientId, entries)       reads saved entries, which are pairs of a key and a text
 *   close()                       forgets everything; until the next open it is not a client
 *   setSkew(milliseconds)         the wall clock of the device is off by this amount
 *   newId()                       an ID for a record
 *   edit(table, id, fields, seen) null deletes a field; seen has the writes that the user saw
 *   beginPull()                   the cursor with which to pull
 *   pulled(lines)                 the next chunks of the answer to that pull
 *   batch(items, bytes)           the next batch to push, as { text, count }
 *   answer(text)                  the server's replies to that batch
 *   serverTime(text, took)        the server's time, from an answer that took a number of milliseconds
 *   records()                     all shown records
 *   violations()                  the open violations of rules
 *   lostEdits()                   the open rows of lost edits, as records
 *   waiting()                     the outbox
 *   why(table, id, field)         the last decision about a field, or null
 *   digest(bucket)                a fingerprint of everything that is shown of a bucket
 *   log()                         what the program did since the client was opened first, for a bug report
 *   take()                        the changes made by the calls since the last take
 *
 * @param {'javascript' | 'webassembly'} [name]
 */
export async function run(name, side) {
  if (name !== 'webassembly') return javascript();
  const { webassembly } = await import('./webassembly.js');
  return webassembly(side);
}
