// Tabs of a browser that share one store, and so are one client. Each acts under a lock that all of them use.

import { openReplica } from './src/replica.js';
import { locked } from './store/lock.js';

/**
 * openTab returns a tab; see tabs.d.ts. Its Replica stays open until another tab has saved.
 */
export function openTab({ name, store, changed = () => {}, told = () => {}, wrap = (replica) => replica, locks, channel = new BroadcastChannel(name), ...identity }) {
  const tab = { store, identity, wrap, replica: null, version: '' };
  channel.onmessage = ({ data }) => changed(data);
  return {
    act: (act) => locked(name, async () => {
      const result = await inReplica(tab, act);
      const keys = tab.replica.takeChanged();
      const notices = tab.replica.takeNotices();
      if (keys.length > 0) {
        channel.postMessage(keys);
        changed(keys);
      }
      if (notices.length > 0) told(notices);
      return result;
    }, locks),
    close: () => channel.close(),
  };
}

// inReplica forgets the Replica after an error: what is in the store is whole.
async function inReplica(tab, act) {
  try {
    if (!tab.replica || (await tab.store.version()) !== tab.version) tab.replica = tab.wrap(openReplica({ ...tab.identity, saved: await tab.store.load() }));
    const result = await act(tab.replica, () => save(tab));
    await save(tab);
    return result;
  } catch (error) {
    tab.replica = null;
    throw error;
  }
}

async function save(tab) {
  const entries = tab.replica.takeSaves();
  if (entries.length > 0) await tab.store.save(entries);
  tab.version = await tab.store.version();
}
