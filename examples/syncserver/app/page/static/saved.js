// The entries that a replica saves: keys and values by turns, as the program takes them.

/** OWN is the key of the entry that is not the program's: who this device is. */
export const OWN = 'device';

/** waits says whether an entry is an edit that waits, which no server has. */
export const waits = (key) => key.startsWith('outbox/');

/** keysOf returns the keys of entries. */
export const keysOf = (entries) => entries.filter((_, i) => i % 2 === 0);

/** onlyWaiting returns those of the entries that are edits that wait. */
export const onlyWaiting = (entries) => entries.filter((_, i) => waits(entries[i - (i % 2)]));

/** removal returns what to save so that of some entries only those that are kept remain. */
export function removal(entries, kept) {
  const keep = new Set(keysOf(kept));
  return keysOf(entries).filter((key) => !keep.has(key)).flatMap((key) => [key, '']);
}

/** takeOwn takes the device out of entries, and returns its text if there is one. */
export function takeOwn(entries) {
  const at = keysOf(entries).indexOf(OWN) * 2;
  return at < 0 ? undefined : entries.splice(at, 2)[1];
}
