// Positions of a list: a text for each element, which sorts by its bytes. The Go package record/fields
// has the same form, and vectors compare the two.

// A position is a path of elements. An element has an integer, the hash of the client that made it, and the count of that
// client. Each of the three says where it ends, sorts like its value, and has one spelling.
const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const ZERO = 32; // the first digit of the integer 0
const HASH = 6; // digits of a hash
const SAME = '~'; // in place of the hash of the element before
const EARLIER = '}'; // before the index of a hash among the different hashes of the path, in place of the hash
export const LONGEST = 2 ** 15;
export const MOST = 2 ** 53 - 1;
export const LEAST = -(2 ** 53);

// A form of numbers: how many first digits have it, and how many digits follow. Each begins where the one before ends.
const COUNTS = [[32, 0], [16, 1], [8, 2], [4, 3], [1, 4], [1, 5], [1, 6], [1, 9]];
const INTEGERS = [[16, 0], [8, 1], [4, 2], [2, 3], [1, 5], [1, 9]]; // from 0; -1, -2 and so on have the complements of their digits

/** hashOf returns the hash of a client ID in an element: FNV-1a of its bytes. */
export function hashOf(client) {
  let hash = 0x811c9dc5;
  for (const byte of client.replaceAll('-', '').match(/../g)) hash = Math.imul(hash ^ parseInt(byte, 16), 0x01000193);
  return digitsOf(hash >>> 0, HASH, false);
}

/** textOf returns the text of a path. */
export function textOf(path) {
  const seen = [];
  return path.map(({ at, hash, count }, i) => {
    const known = seen.indexOf(hash);
    const who = i > 0 && path[i - 1].hash === hash ? SAME : known >= 0 ? EARLIER + DIGITS[known] : hash;
    note(seen, hash);
    return numberText(at < 0 ? -at - 1 : at, INTEGERS, ZERO, at < 0) + who + numberText(count, COUNTS, 0, false);
  }).join('');
}

/** pathOf returns the path of a position, or null if the text is not a position. */
export function pathOf(text) {
  if (typeof text !== 'string' || text.length > LONGEST) return null;
  const path = [];
  const seen = [];
  for (let from = 0; from < text.length;) {
    const flip = DIGITS.indexOf(text[from]) < ZERO;
    const at = cutNumber(text, from, { forms: INTEGERS, first: ZERO, flip });
    if (!at) return null;
    const who = cutHash(text, at.end, seen, path.length > 0 ? path[path.length - 1].hash : '');
    const count = who && cutNumber(text, who.end, { forms: COUNTS, first: 0, flip: false });
    if (!count) return null;
    path.push({ at: flip ? -at.value - 1 : at.value, hash: who.hash, count: count.value });
    from = count.end;
  }
  return path.length > 0 && path[path.length - 1].at > LEAST ? path : null;
}

// cutHash reads a hash that follows an element with the hash before.
function cutHash(text, from, seen, before) {
  if (text[from] === SAME) return before === '' ? null : { hash: before, end: from + 1 };
  const earlier = text[from] === EARLIER;
  const hash = earlier ? seen[DIGITS.indexOf(text[from + 1] || ' ')] : text.slice(from, from + HASH);
  if (!hash || hash === before || (!earlier && (hash.length < HASH || seen.includes(hash) || !(number(hash, false) < 2 ** 32)))) return null;
  note(seen, hash);
  return { hash, end: from + (earlier ? 2 : HASH) };
}

function note(seen, hash) {
  if (seen.length < DIGITS.length && !seen.includes(hash)) seen.push(hash);
}

// cutNumber reads a number, whose digits may be complemented.
function cutNumber(text, from, { forms, first, flip }) {
  const digit = DIGITS.indexOf(text[from] || ' ');
  if (digit < 0) return null;
  let head = (flip ? 63 - digit : digit) - first;
  let value = 0;
  for (const [firsts, more] of forms) {
    if (head < firsts) {
      const end = from + 1 + more;
      value += head * 64 ** more + number(text.slice(from + 1, end), flip);
      return end <= text.length && value <= MOST ? { value, end } : null; // NaN is not
    }
    head -= firsts;
    value += firsts * 64 ** more;
  }
  return null;
}

function number(digits, flip) {
  let value = 0;
  for (const digit of digits) {
    const d = DIGITS.indexOf(digit);
    value = value * 64 + (d < 0 ? NaN : flip ? 63 - d : d);
  }
  return value;
}

function numberText(value, forms, first, flip) {
  let [rest, head] = [value, first];
  for (const [firsts, more] of forms) {
    const size = firsts * 64 ** more;
    if (rest < size) {
      head += Math.floor(rest / 64 ** more);
      return DIGITS[flip ? 63 - head : head] + digitsOf(rest, more, flip);
    }
    head += firsts;
    rest -= size;
  }
  return ''; // no number of a path is so great
}

// digitsOf returns the last n digits of a number.
function digitsOf(value, n, flip) {
  let text = '';
  for (let rest = value, i = 0; i < n; i++, rest = Math.floor(rest / 64)) text = DIGITS[flip ? 63 - (rest % 64) : rest % 64] + text;
  return text;
}
