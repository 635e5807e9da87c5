// What is typed for something new, which is in no record yet, and is kept over a reload.

const PREFIX = `fieldlww-typed${location.search}/`;

/** remembered returns all that is remembered under names that begin so: text by the rest. */
export function remembered(name) {
  const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX + name));
  return new Map(keys.map((key) => [key.slice((PREFIX + name).length), sessionStorage.getItem(key)]));
}

/** remember shows in a control what was typed there before a reload, and keeps what is typed. */
export function remember(control, name) {
  control.value = sessionStorage.getItem(PREFIX + name) ?? '';
  control.addEventListener('input', () => sessionStorage.setItem(PREFIX + name, control.value));
}

/** forget is for a text that was written, or given up. */
export const forget = (name) => sessionStorage.removeItem(PREFIX + name);
