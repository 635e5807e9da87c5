/**
 * locked waits until no other tab holds the lock of a name, and holds it until the promise of act ends. It rejects
 * where there are no locks: in Node before version 24, and in pages from another machine over plain HTTP. There, only
 * one tab may open a store.
 */
export function locked<T>(name: string, act: () => T | Promise<T>): Promise<T>;
