// Values: JSON with integers of 64 bits, and the canonical text by which values are compared.

import { compareText, isText, refuse } from './text.js';

/** An Integer is an integer that a Number cannot hold. Its text has all digits. */
export function Integer(text) {
  this.text = text;
}
Integer.prototype.toString = function () {
  return this.text;
};

// Only numbers of 16 digits, or with an exponent, can lose digits.
const LONG = /[\d.]{16}|\d[eE]\+?\d+(?![\w"-])/;
const LONGEST = 1000; // characters of a number: servers refuse longer ones
const MOST = '9223372036854775807';
const LEAST = '9223372036854775808';

/** parse reads JSON. Integers of 64 bits keep their digits. */
export const parse = (text) => (LONG.test(text) ? parseExactly(text) : JSON.parse(text));

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** parseExactly reads JSON like parse. */
export function parseExactly(text) {
  const plain = JSON.parse(text); // a text that is not JSON ends here
  const quoted = text.replace(TOKEN, (token) => {
    const number = token[0] === '"' ? 0 : exact(token);
    return typeof number === 'string' ? `"${number}"` : token;
  });
  return quoted === text ? plain : withIntegers(plain, JSON.parse(quoted));
}

// withIntegers replaces each text where there was a number.
function withIntegers(plain, quoted) {
  if (typeof plain === 'number' && typeof quoted === 'string') return new Integer(quoted);
  if (quoted !== null && typeof quoted === 'object') for (const name of Object.keys(quoted)) quoted[name] = withIntegers(plain[name], quoted[name]);
  return quoted;
}

// exact returns the digits of an integer of 64 bits that a Number cannot hold, or otherwise the Number.
function exact(literal) {
  const double = Number(literal);
  if (literal.length > LONGEST || Number.isSafeInteger(double)) return double;
  const [, sign, whole, fraction = '', power = 0] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(literal);
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  const zeros = power - fraction.length + digits.length - significant.length;
  if (zeros < 0 || significant.length + zeros > 19) return double;
  const all = significant + '0'.repeat(zeros);
  return all.length < 19 || all <= (sign ? LEAST : MOST) ? sign + all : double;
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
  if (!isArray && ![Object.prototype, null].includes(Object.getPrototypeOf(value))) refuse('type');
  let isRounded = false;
  for (const name of Object.keys(value)) {
    if (!isArray && !isText(name)) refuse('utf8');
    isRounded = checkValue(value[name], depth + 1) || isRounded;
  }
  return isRounded;
}
