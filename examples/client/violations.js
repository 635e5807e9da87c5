// Violations: data that merges cleanly and makes no sense, such as two meetings in one room. The server derives a row
// for each in the table "violations", and a normal write settles it.

import { parseTime } from './src/time.js';

const TABLE = 'violations';
const LOST_EDIT = 'lost_edit';

/**
 * openViolations returns the violations of a Replica that are open at its time, sorted by ID; see violations.d.ts.
 * @returns {import('./violations.js').Violation[]}
 */
export function openViolations(replica) {
  const now = replica.time();
  return replica.records(TABLE)
    .map(([id, row]) => read(id, row))
    .filter((v) => v && v.status === 'open' && (!v.relevantUntil || v.relevantUntil > now));
}

// read returns the violation that a row holds, or null if it holds none: for example, only what users wrote. A text or a
// number of another kind counts as absent.
function read(id, row) {
  const get = (name, is, otherwise) => (row.has(name) && is(row.get(name).value) ? row.get(name).value : otherwise);
  const text = (name) => get(name, (value) => typeof value === 'string', '');
  const number = (name) => get(name, Number.isSafeInteger, 0);
  const names = (name) => (!row.has(name) ? [] : get(name, (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'), null));
  const time = (name) => (text(name) === '' ? '' : timeIn(text(name)));
  const rule = text('rule');
  const v = {
    id, rule, type: text('type'), status: text('status'), scope: text('scope').slice(rule.length + 1),
    table: text('table'), recordId: text('recordId'),
    conflictingTable: text('conflictingTable'), conflictingRecords: names('conflictingRecords'), conflictingTotal: number('conflictingTotal'),
    description: text('description'), total: number('total'), evidence: text('evidence'), buckets: names('buckets'),
    detectedAt: timeIn(text('detectedAt')), relevantUntil: time('relevantUntil'),
    acknowledged: get('acknowledged', (value) => value === true, false), note: text('note'),
  };
  if (rule === '' || v.status === '' || [v.conflictingRecords, v.buckets, v.detectedAt, v.relevantUntil].includes(null)) return null;
  v.dismissed = v.evidence !== '' && text('dismissed') === v.evidence; // a dismissal ends when the evidence changes
  if (rule === LOST_EDIT && (v.acknowledged || v.dismissed)) v.status = 'resolved';
  return v;
}

function timeIn(text) {
  try {
    return parseTime(text);
  } catch {
    return null;
  }
}
