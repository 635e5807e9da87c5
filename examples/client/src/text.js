// Texts and names: the order of UTF-8 bytes, and the rule for names.

/** refuse throws the error with which the client refuses input. The message names the reason, never the value. */
export function refuse(reason, path) {
  throw Object.assign(new Error(`fieldlww: refused: ${path ? `${path}: ` : ''}${reason}`), { name: 'FieldlwwError', reason, path });
}

/** reading runs a function that reads input, and refuses input with which it fails, such as nesting that is too deep. */
export function reading(reason, act, path) {
  try {
    return act();
  } catch (error) {
    return refuse(error.reason || reason, path === undefined ? error.path : path);
  }
}

/** isObject reports whether a parsed value is an object. */
export const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** isCount reports whether a value may be a level, or count something. */
export const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

// The surrogates of U+10000 and above are below U+E000 in UTF-16, and above it in UTF-8.
const rank = (unit) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** compareText orders texts by their UTF-8 bytes. */
export function compareText(a, b) {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** utf8Length returns the number of bytes of a text in UTF-8. */
export function utf8Length(text) {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

const SURROGATE = /[\ud800-\udfff]/;
const PAIRS = /[\ud800-\udbff][\udc00-\udfff]/g;

/** isText reports whether a value is a text without lone surrogates. */
export const isText = (value) => typeof value === 'string' && (!SURROGATE.test(value) || !SURROGATE.test(value.replace(PAIRS, '')));

/** isName reports whether a value may name a table, a record or a field. */
export function isName(value) {
  if (!isText(value) || value === '' || value === '__proto__' || value.includes('\0')) return false;
  return value.length <= 341 || utf8Length(value) <= 1024;
}

/** keyOf joins a table and an ID. Names contain no U+0000. */
export const keyOf = (table, id) => `${table}\0${id}`;
