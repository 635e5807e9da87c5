// Values: JSON with integers of 64 bits, and the canonical text by which values are compared.

import { compareText, isText, refuse } from './text.js';

/** An Integer is an integer that a Number cannot hold. Its text has all digits. */
export function Integer(text) {
  this.text = text;
}
Integer.prototype.toString = function () {
  return this.text;
};

const LONG = /[\d.]{16}/; // only a number of 16 digits can lose some
const MOST = '9223372036854775807';
const LEAST = '9223372036854775808';

/** parse reads JSON. Integers of 64 bits keep their digits. */
export const parse = (text) => (LONG.test(text) ? parseExactly(text) : JSON.parse(text));

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

// Long numbers become texts with a prefix that no other text of the document has, and are then replaced.
export function parseExactly(text) {
  const plain = JSON.parse(text); // a text that is not JSON ends here
  const tokens = text.match(TOKEN);
  if (!tokens.some((token) => token[0] !== '"' && typeof exact(token) === 'string')) return plain;
  const texts = tokens.filter((token) => token[0] === '"').map((token) => JSON.parse(token));
  let mark = '#';
  while (texts.some((t) => t.startsWith(mark))) mark += '#';
  const marked = text.replace(TOKEN, (token) => {
    const number = token[0] === '"' ? 0 : exact(token);
    return typeof number === 'string' ? `"${mark}${number}"` : token;
  });
  return JSON.parse(marked, (_, value) => (typeof value === 'string' && value.startsWith(mark) ? new Integer(value.slice(mark.length)) : value));
}

// exact returns the digits of an integer of 64 bits that a Number cannot hold, or otherwise the Number.
function exact(literal) {
  const double = Number(literal);
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(literal);
  if (!parts || Number.isSafeInteger(double)) return double;
  const digits = (parts[2] + (parts[3] || '')).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  const zeros = Number(parts[4] || 0) - (parts[3] || '').length + digits.length - significant.length;
  if (zeros < 0 || significant.length + zeros > 19) return double;
  const whole = significant + '0'.repeat(zeros);
  return whole.length < 19 || whole <= (parts[1] ? LEAST : MOST) ? parts[1] + whole : double;
}

const TWO_53 = 2 ** 53;
const TWO_63 = 2 ** 63;

/** canonical returns the canonical text of a value. Values are equal if their canonical texts are. */
export function canonical(value) {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      if (value === 0) return '0';
      return Number.isInteger(value) && value >= -TWO_63 && value < TWO_63 ? value.toFixed(0) : String(value);
    case 'boolean':
      return String(value);
  }
  if (value === null) return 'null';
  if (value instanceof Integer) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  return encodeMembers(Object.keys(value), (name) => canonical(value[name]));
}

/** encodeMembers returns a JSON object with sorted members. */
export const encodeMembers = (names, encode) =>
  `{${names.sort(compareText).map((name) => `${JSON.stringify(name)}:${encode(name)}`).join(',')}}`;

const DEEPEST = 1000;

/** checkValue refuses what is not a JSON value. It reports whether a number may have lost digits. */
export function checkValue(value, depth = 0) {
  if (value === null || typeof value === 'boolean' || value instanceof Integer) return false;
  if (typeof value === 'string') return !isText(value) && refuse('utf8');
  if (typeof value === 'number') return Number.isFinite(value) ? Math.abs(value) >= TWO_53 : refuse('number');
  if (typeof value !== 'object' || depth >= DEEPEST) refuse(depth >= DEEPEST ? 'limit' : 'type');
  const isArray = Array.isArray(value);
  if (!isArray && Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) refuse('type');
  let isRounded = false;
  for (const name of Object.keys(value)) {
    if (!isArray && !isText(name)) refuse('utf8');
    isRounded = checkValue(value[name], depth + 1) || isRounded;
  }
  return isRounded;
}
