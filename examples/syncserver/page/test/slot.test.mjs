// Slots where there are no locks: a tab that is a copy of another one gets its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';

const { takeSlot } = await import('../static/slot.js');

Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
const tabs = new Set();
globalThis.BroadcastChannel = class {
  constructor(name) {
    this.name = name;
    tabs.add(this);
  }

  postMessage(data) {
    for (const tab of tabs) {
      if (tab !== this && tab.name === this.name) queueMicrotask(() => tab.onmessage?.({ data }));
    }
  }
};

/** tab opens a tab with what it remembers, which a copy shares by value. */
async function tab(remembered) {
  globalThis.sessionStorage = { getItem: (key) => remembered[key] ?? null, setItem: (key, value) => (remembered[key] = value) };
  return takeSlot('demo');
}

test('a copy of a tab takes another slot, and a reload its own', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const first = {};
  const slot = await tab(first);
  const copied = await tab({ ...first });
  assert.notEqual(copied, slot);

  tabs.clear(); // all are closed, and the first is loaded again
  const again = tab(first);
  t.mock.timers.tick(250);
  assert.equal(await again, slot);
});
