// Making elements. Text is always inserted as text, never as HTML, because other people wrote it.

/**
 * element makes an element. Attributes whose name begins with "on" are listeners. An attribute
 * with the value false or null is left out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** parts returns the elements below root that have a data-part attribute, by its value. */
export function parts(root) {
  return Object.fromEntries([...root.querySelectorAll('[data-part]')].map((e) => [e.dataset.part, e]));
}

/** setText changes a text only if it differs, so that a screen reader does not repeat it. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** options fills a list with options, pairs of a value and a text, if they differ from the present ones. */
export function options(list, all) {
  const from = JSON.stringify(all);
  if (list.dataset.options === from) return;
  list.dataset.options = from;
  const { value } = list;
  list.replaceChildren(...all.map(([value, text]) => element('option', { value }, text)));
  list.value = all.some(([v]) => v === value) ? value : all[0]?.[0];
}

/** closeOutside closes a drop-down list on Escape and when the focus or a click leaves it. */
export function closeOutside(drop) {
  drop.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !drop.open) return;
    drop.open = false;
    drop.querySelector('summary').focus();
  });
  document.addEventListener('pointerdown', (event) => {
    if (!drop.contains(event.target)) drop.open = false;
  });
  drop.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !drop.contains(event.relatedTarget)) drop.open = false;
  });
}

/** saveFile lets the user save a text as a file. */
export function saveFile(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }));
  element('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may still be reading it
}

/**
 * attempt runs a drawing function and reports its exception: a record written by one member must
 * not break the page of another.
 */
export function attempt(draw) {
  try {
    draw();
  } catch (error) {
    reportError(error);
  }
}
