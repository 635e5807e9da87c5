// A lock with which the tabs of a browser share a store.

/**
 * locked waits until no other tab holds the lock of a name, and holds it until the promise of act ends. It rejects
 * where there are no locks: in Node before version 24, and in pages from another machine over plain HTTP. There, only
 * one tab may open a store.
 * @template T
 * @param {string} name
 * @param {() => T | Promise<T>} act
 * @param {Pick<LockManager, 'request'>} [locks]
 * @returns {Promise<T>}
 */
export async function locked(name, act, locks = globalThis.navigator?.locks) {
  if (!locks) throw new Error('fieldlww: there are no locks here');
  return locks.request(name, () => act());
}
