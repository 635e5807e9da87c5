import type { Replica } from './index.js';

/** A Violation is data that merges cleanly and makes no sense. Its server derives it; a normal write settles it. */
export interface Violation {
  readonly id: string;
  /** for programs, such as scheduling_conflict */
  readonly type: string;
  readonly rule: string;
  /** the name of the group in which it was found */
  readonly scope: string;
  readonly table: string;
  readonly recordId: string;
  /** the records that it conflicts with: the first ones, if conflictingTotal is not 0 */
  readonly conflictingTable: string;
  readonly conflictingRecords: readonly string[];
  readonly conflictingTotal: number;
  /** for people */
  readonly description: string;
  /** the number of violations that it stands for */
  readonly total: number;
  /** the greatest time of what it depends on, not of its discovery */
  readonly detectedAt: string;
  /** when it stops mattering; '' if never */
  readonly relevantUntil: string;
  /** changes whenever a field changes that it depends on. Write it to the field "dismissed" to dismiss the violation. */
  readonly evidence: string;
  readonly buckets: readonly string[];
  readonly status: string;
  /** whether a user has written true to the field "acknowledged" */
  readonly acknowledged: boolean;
  readonly dismissed: boolean;
  /** the text that a user wrote to the field "note" */
  readonly note: string;
}

/** openViolations returns the violations that are open at the Replica's time, sorted by ID. */
export function openViolations(replica: Replica): Violation[];
