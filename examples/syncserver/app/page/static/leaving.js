// Before the page is left, everything that the user wrote is saved.

import { commitAll, drafts } from './draft.js';

/**
 * keepAll writes unsaved text when the page is left or hidden. It asks the user to stay while
 * an edit is not yet written or not yet on disk.
 */
export function keepAll(replicas) {
  document.addEventListener('visibilitychange', () => document.hidden && commitAll());
  addEventListener('pagehide', () => commitAll());
  addEventListener('beforeunload', (event) => {
    commitAll();
    if (drafts().length > 0 || replicas.some((replica) => replica.unsaved)) event.preventDefault();
  });
}
