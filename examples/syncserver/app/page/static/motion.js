// What moves on the page by itself: messages on the wires.

import { element } from './dom.js';

/** still reports whether the reader wants nothing to move. */
export const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** message lets a dot travel along a wire, to the server or down from it. */
export function message(wire, down = false) {
  if (still() || wire.childElementCount > 5) return;
  const dot = element('i', { class: down ? 'message down' : 'message', 'aria-hidden': 'true' });
  wire.append(dot);
  setTimeout(() => dot.remove(), 900);
}
