// The entries that a replica saves: pairs of a key and a text, which are the program's, and one of the page.

/** OWN is the key of the one entry that the program does not use: it says who this device is. */
export const OWN = 'device';

const TENTATIVE = /,"tentative":true(,"hidden":true)?}$/;

/** isEdit reports whether an entry is an edit. All other entries can be pulled again. */
export const isEdit = ([key]) => key.startsWith('outbox/') || key.startsWith('again/');

/**
 * waits reports whether an entry is an edit that the server may not have. It has those that a reset has set aside
 * tentatively, in case that it is restored from a backup.
 */
export const waits = (entry) => isEdit(entry) && !TENTATIVE.test(entry[1]);

/** removal returns the entries to save so that only the kept ones remain. */
export function removal(entries, kept) {
  const keep = new Set(kept.map(([key]) => key));
  return entries.filter(([key]) => !keep.has(key)).map(([key]) => [key, '']);
}

/** takeOwn removes the device's own entry and returns its text, if it exists. */
export function takeOwn(entries) {
  const at = entries.findIndex(([key]) => key === OWN);
  return at < 0 ? undefined : entries.splice(at, 1)[0][1];
}
