// The entries that a replica saves: keys and values alternate, in the form that the program uses.

/** OWN is the key of the one entry that the program does not use: it says who this device is. */
export const OWN = 'device';

/** waits reports whether an entry is an edit that the server may not have. */
export const waits = (key) => key.startsWith('outbox/') || key.startsWith('again/');

/** keysOf returns the keys of entries. */
export const keysOf = (entries) => entries.filter((_, i) => i % 2 === 0);

/** onlyWaiting returns the entries that are waiting edits. */
export const onlyWaiting = (entries) => entries.filter((_, i) => waits(entries[i - (i % 2)]));

/** removal returns the entries to save so that only the kept ones remain. */
export function removal(entries, kept) {
  const keep = new Set(keysOf(kept));
  return keysOf(entries).filter((key) => !keep.has(key)).flatMap((key) => [key, '']);
}

/** takeOwn removes the device's own entry and returns its text, if it exists. */
export function takeOwn(entries) {
  const at = keysOf(entries).indexOf(OWN) * 2;
  return at < 0 ? undefined : entries.splice(at, 2)[1];
}
