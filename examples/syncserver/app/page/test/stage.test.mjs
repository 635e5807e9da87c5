// Stage: what a story does on the page.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Element } from './fakes.mjs';

const { Stage } = await import('../static/stage.js');

test('a story goes on in a hidden page, which has no frames', { timeout: 5000 }, async (t) => {
  const hidden = { requestAnimationFrame() {}, innerWidth: 1000, matchMedia: () => ({ matches: true }) };
  Object.assign(globalThis, hidden);
  document.hidden = true;
  t.after(() => {
    document.hidden = false;
    for (const name of Object.keys(hidden)) delete globalThis[name];
  });
  const mark = Object.assign(new Element(), { closest: () => null, scrollIntoView() {}, classList: { add() {}, remove() {} } });
  let shown = false;
  mark.addEventListener('mouseover', () => (shown = true));
  globalThis.MouseEvent = Event;
  document.documentElement = { dataset: { pace: '1000' } };
  const stage = new Stage({ caption: { textContent: '' }, signal: new AbortController().signal });
  await stage.explain({ element: { querySelector: () => mark } }, 'a', 'title', 'Why');
  assert.equal(shown, true);
});
