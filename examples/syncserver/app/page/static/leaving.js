// What is done before the page is left: nothing that somebody wrote is to be lost.

import { commitAll, drafts } from './draft.js';

/**
 * keepAll writes what is being typed when the page is left or put aside, and holds the page
 * while there is something that is not written, or not on disk yet.
 */
export function keepAll(replicas) {
  document.addEventListener('visibilitychange', () => document.hidden && commitAll());
  addEventListener('pagehide', () => commitAll());
  addEventListener('beforeunload', (event) => {
    commitAll();
    if (drafts().length > 0 || replicas.some((replica) => replica.unsaved)) event.preventDefault();
  });
}
