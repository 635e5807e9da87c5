// The digest of a set of records: the sum modulo 2^256, over all fields, of a hash of the record, the field and its
// write. Equal sets have equal digests, so two devices compare one line of text.

import { sha256 } from './src/sha256.js';
import { encodeWrite } from './src/write.js';

const TAG = 'fieldlww/digest/1\n';

/** openDigest returns the digest of no records, to which records are added, and from which they are removed. */
export function openDigest() {
  const sum = new Uint32Array(8); // the first word is the greatest
  const input = openInput();
  const count = (sign) => (table, id, data) => data.forEach((w, name) => {
    const hash = sha256(input([table, id, name, encodeWrite(w)]));
    let carry = 0;
    for (let i = 7; i >= 0; i--) {
      const word = sum[i] + sign * hash[i] + carry;
      sum[i] = word;
      carry = Math.floor(word / 2 ** 32);
    }
  });
  return {
    add: count(1),
    remove: count(-1),
    toString: () => Array.from(sum, (word) => word.toString(16).padStart(8, '0')).join(''),
  };
}

// openInput returns a function that returns the bytes to hash: the tag, and each text after its length, a number of 64
// bits. The bytes are valid until the next call.
function openInput() {
  const encoder = new TextEncoder();
  let bytes = new Uint8Array(0);
  return (texts) => {
    const most = texts.reduce((n, text) => n + 8 + 3 * text.length, TAG.length); // a unit of UTF-16 has at most three bytes
    if (bytes.length < most) {
      bytes = new Uint8Array(2 * most);
      encoder.encodeInto(TAG, bytes);
    }
    const view = new DataView(bytes.buffer);
    let at = TAG.length;
    for (const text of texts) {
      const { written } = encoder.encodeInto(text, bytes.subarray(at + 8));
      view.setUint32(at, 0);
      view.setUint32(at + 4, written);
      at += 8 + written;
    }
    return bytes.subarray(0, at);
  };
}
