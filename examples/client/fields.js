// Sets and counters: a field for each element of a set, and for each addition to a counter; see fields.d.ts.

import { Integer } from './src/value.js';
import { compareText, refuse, utf8Length } from './src/text.js';

/** elementsOf returns the elements of a set, sorted. */
export function elementsOf(data, set) {
  return live(data, set).map(([element, value]) => (value === true ? element : refuse('type', `${set}/${element}`)));
}

/** added returns the fields that add elements to a set. */
export const added = (set, ...elements) => fieldsOf(set, elements, true);

/** removed returns the fields that remove elements from a set. */
export const removed = (set, ...elements) => fieldsOf(set, elements, undefined);

/** changed returns the fields that make a set what the elements say. */
export function changed(data, set, elements) {
  const shown = elementsOf(data, set);
  const [before, after] = [new Set(shown), new Set(elements)];
  return { ...added(set, ...[...after].filter((e) => !before.has(e))), ...removed(set, ...shown.filter((e) => !after.has(e))) };
}

/** sumOf returns the sum of a counter. */
export function sumOf(data, counter) {
  return valueOf(total(data, counter));
}

/** addition returns the field that adds n to a counter. */
export function addition(data, counter, { id, n, most = 0 }) {
  if (typeof id !== 'string' || utf8Length(id) < 16 || data.has(`${counter}/${id}`)) refuse('id', counter);
  if (live(data, counter).length >= (most > 0 ? most : 1000)) refuse('full', counter);
  if (!isInteger(n)) refuse('type', counter);
  valueOf(total(data, counter) + BigInt(n.text || n), counter);
  return fieldsOf(counter, [id], n);
}

/** reset returns the fields that delete all additions that are shown. */
export const reset = (data, counter) => fieldsOf(counter, live(data, counter).map(([id]) => id), undefined);

function fieldsOf(name, elements, value) {
  checkName(name);
  return Object.fromEntries(elements.map((element) => [`${name}/${element}`, value]));
}

// live returns the elements of a set or counter that are not deleted, with their values, sorted.
function live(data, name) {
  checkName(name);
  return [...data].filter(([field, w]) => field.startsWith(`${name}/`) && !w.deleted)
    .map(([field, w]) => [field.slice(name.length + 1), w.value]).sort(([a], [b]) => compareText(a, b));
}

function checkName(name) {
  if (typeof name !== 'string' || name === '' || name.includes('/') || name[0] === '$') refuse('name');
}

const isInteger = (value) => Number.isSafeInteger(value) || value instanceof Integer;

function total(data, counter) {
  return live(data, counter).reduce((sum, [id, n]) => sum + BigInt(isInteger(n) ? n.text || n : refuse('type', `${counter}/${id}`)), 0n);
}

// valueOf returns the Value of a sum.
function valueOf(sum, counter) {
  if (BigInt.asIntN(64, sum) !== sum) refuse('overflow', counter);
  const n = Number(sum);
  return Number.isSafeInteger(n) ? n : new Integer(String(sum));
}
