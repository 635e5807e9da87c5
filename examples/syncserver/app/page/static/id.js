// IDs for records.

/** newId returns a UUID of version 7 (RFC 9562). IDs of later milliseconds are greater. */
export function newId(milliseconds) {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  bytes[0] = 0x70 | (bytes[0] & 0x0f);
  bytes[2] = 0x80 | (bytes[2] & 0x3f);
  const hex = milliseconds.toString(16).padStart(12, '0') + Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
