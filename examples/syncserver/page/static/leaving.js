// What is done before the page is left: nothing that somebody wrote is to be lost.

/** COMMIT tells the field in which somebody types that it is to write what is there. */
export const COMMIT = 'commit';

/**
 * keepAll writes what is being typed when the page is left or put aside, and holds the page
 * while there is something that is not on disk yet.
 */
export function keepAll(replicas) {
  const commit = () => document.activeElement?.dispatchEvent(new Event(COMMIT));
  document.addEventListener('visibilitychange', () => document.hidden && commit());
  addEventListener('pagehide', commit);
  addEventListener('beforeunload', (event) => {
    commit();
    if (replicas.some((replica) => replica.unsaved)) event.preventDefault();
  });
}
