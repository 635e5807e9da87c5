// Text typed for a new record, kept across reloads until the record is written.

const PREFIX = `fieldlww-typed${location.search}/`;

/** remembered returns the texts whose names begin with a prefix, keyed by the rest of the name. */
export function remembered(name) {
  const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX + name));
  return new Map(keys.map((key) => [key.slice((PREFIX + name).length), sessionStorage.getItem(key)]));
}

/** remember restores the text typed in a control before a reload, and keeps what is typed now. */
export function remember(control, name) {
  control.value = sessionStorage.getItem(PREFIX + name) ?? '';
  control.addEventListener('input', () => sessionStorage.setItem(PREFIX + name, control.value));
}

/** forget removes a text that was written or discarded. */
export const forget = (name) => sessionStorage.removeItem(PREFIX + name);
