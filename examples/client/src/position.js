// Positions of a list: a text for each element, which sorts by its bytes. The Go package record/fields
// has the same form, and vectors compare the two.

// A position is a path of elements. An element has an integer, the hash of the client that made it, and the count of that
// client. Each of the three says where it ends and sorts like its value.
const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const ZERO = 32; // the digit that begins the integer 0
const HASH = 6; // digits of a hash
const SAME = '~'; // in place of the hash of the element before
export const LONGEST = 2 ** 15;
export const MOST = 2 ** 53 - 1;
export const LEAST = -(2 ** 53);

/** hashOf returns the hash of a client ID in an element: FNV-1a of its bytes. */
export function hashOf(client) {
  let hash = 0x811c9dc5;
  for (const byte of client.replaceAll('-', '').match(/../g)) hash = Math.imul(hash ^ parseInt(byte, 16), 0x01000193);
  return digitsOf(hash >>> 0, HASH);
}

/** textOf returns the text of a path. */
export function textOf(path) {
  return path.map(({ at, hash, count }, i) => intOf(at) + (i > 0 && path[i - 1].hash === hash ? SAME : hash) + DIGITS[width(count)] + digitsOf(count, width(count))).join('');
}

/** pathOf returns the path of a position, or null if the text is not a position. */
export function pathOf(text) {
  if (typeof text !== 'string' || text.length > LONGEST) return null;
  const path = [];
  for (let from = 0; from < text.length;) {
    const before = path.length > 0 ? path[path.length - 1].hash : '';
    const head = DIGITS.indexOf(text[from]);
    const n = head < ZERO ? ZERO - 1 - head : head - ZERO;
    let at = cut(text, from + 1, n, head < ZERO);
    if (head < 0 || at === null) return null;
    if (head < ZERO) at = -at - 1;
    from += 1 + n;
    const same = before !== '' && text[from] === SAME;
    const hash = same ? before : text.slice(from, from + HASH);
    if (!same && (hash.length < HASH || hash === before || !(number(hash) < 2 ** 32))) return null;
    from += same ? 1 : HASH;
    const size = DIGITS.indexOf(text[from] || ' ');
    const count = cut(text, from + 1, size, false);
    if (count === null) return null;
    from += 1 + size;
    path.push({ at, hash, count });
  }
  return path.length > 0 && path[path.length - 1].at > LEAST ? path : null;
}

// cut reads a number of exactly n digits, with no zero before them, whose digits may be complemented.
function cut(text, from, n, flip) {
  if (n < 0 || n > 9 || from + n > text.length) return null;
  const value = number(text.slice(from, from + n), flip);
  return value <= MOST && width(value) === n ? value : null; // NaN is not
}

function number(digits, flip) {
  let value = 0;
  for (const digit of digits) {
    const d = DIGITS.indexOf(digit);
    value = value * 64 + (d < 0 ? NaN : flip ? 63 - d : d);
  }
  return value;
}

function intOf(at) {
  const value = at < 0 ? -at - 1 : at;
  const n = width(value);
  return at < 0 ? DIGITS[ZERO - 1 - n] + digitsOf(value, n, true) : DIGITS[ZERO + n] + digitsOf(value, n);
}

function width(value) {
  let n = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 64)) n++;
  return n;
}

function digitsOf(value, n, flip) {
  let text = '';
  for (let rest = value, i = 0; i < n; i++, rest = Math.floor(rest / 64)) text = DIGITS[flip ? 63 - (rest % 64) : rest % 64] + text;
  return text;
}
