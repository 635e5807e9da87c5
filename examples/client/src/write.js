// Writes. A write of a field is { value, updatedAt, clientId }, or { deleted: true, updatedAt, clientId }.
// Writes are never changed.

import { compareText, isObject, refuse } from './text.js';
import { LAST, parseClient, parseTime } from './time.js';
import { canonical, checkValue } from './value.js';

/**
 * A Reader remembers the last stamp, because the writes of a record share a few, the last list of buckets, which the
 * records of a chunk share, and whether JSON.parse may have rounded a number.
 */
export const reader = () => ({ time: '', rawTime: NaN, client: '', rawClient: NaN, within: null, rawWithin: NaN, isRounded: false }); // nothing read is NaN

const MEMBERS = ['value', 'deleted', 'updatedAt', 'clientId'];

/** readWrite returns a parsed write, or refuses it. */
export function readWrite(node, last) {
  if (!isObject(node)) refuse('type');
  let members = 0;
  for (const _ in node) members++; // eslint-disable-line no-unused-vars
  if (node.updatedAt !== last.rawTime) {
    last.time = parseTime(node.updatedAt, LAST);
    last.rawTime = node.updatedAt;
  }
  if (node.clientId !== last.rawClient) {
    last.client = parseClient(node.clientId);
    last.rawClient = node.clientId;
  }
  const { value } = node;
  if (node.deleted === undefined ? value === undefined : node.deleted !== true || value !== undefined) refuse('kind');
  if (typeof value !== 'boolean' && value !== undefined && checkValue(value)) last.isRounded = true;
  if (members === 3 && last.time === last.rawTime && last.client === last.rawClient) return node;
  if (Object.keys(node).some(isVariant)) refuse('name');
  return node.deleted ? deletion(last.time, last.client) : { value, updatedAt: last.time, clientId: last.client };
}

const isVariant = (name) => MEMBERS.some((known) => known !== name && known.toLowerCase() === name.toLowerCase());

export const deletion = (updatedAt, clientId) => ({ deleted: true, updatedAt, clientId });

/** restamped returns a record with one stamp for all of its writes. */
export const restamped = (record, updatedAt, clientId) =>
  new Map([...record].map(([name, w]) => [name, w.deleted ? deletion(updatedAt, clientId) : { value: w.value, updatedAt, clientId }]));

export const encodeWrite = (w) =>
  `{${w.deleted ? '"deleted":true' : `"value":${canonical(w.value)}`},"updatedAt":"${w.updatedAt}","clientId":"${w.clientId}"}`;

const order = (a, b) => (a > b) - (a < b);

/** compareStamps orders stamps by time, then by client ID. */
export const compareStamps = (a, b) => order(a.updatedAt, b.updatedAt) || order(a.clientId, b.clientId);

/**
 * decide compares two writes of a field by the rule: time, then client ID, then a deletion wins over a value, then
 * the greater canonical value wins.
 * @returns {{step: string, order: number}} order is above 0 if a wins, below 0 if b wins, and 0 if they are equal
 */
export function decide(a, b) {
  if (a.updatedAt !== b.updatedAt) return { step: 'time', order: order(a.updatedAt, b.updatedAt) };
  if (a.clientId !== b.clientId) return { step: 'client', order: order(a.clientId, b.clientId) };
  if (Boolean(a.deleted) !== Boolean(b.deleted)) return { step: 'kind', order: a.deleted ? 1 : -1 };
  const values = a.deleted || a.value === b.value ? 0 : compareText(canonical(a.value), canonical(b.value));
  return values === 0 ? { step: 'equal', order: 0 } : { step: 'value', order: values };
}

/** compareWrites orders writes of one field. No write is below every other one. */
export function compareWrites(a, b) {
  if (!a || !b) return a ? 1 : b ? -1 : 0;
  return a === b ? 0 : decide(a, b).order;
}

export const sameStamp = (a, b) => a === b || Boolean(a && b && compareStamps(a, b) === 0);
export const sameWrite = (a, b) => compareWrites(a, b) === 0;
export const sameValue = (a, b) => Boolean(a.deleted) === Boolean(b.deleted) && (a.deleted || a.value === b.value || canonical(a.value) === canonical(b.value));
