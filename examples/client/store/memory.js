// A store in memory, for tests and for devices that must not keep anything.

/**
 * open returns a new, empty store; see store.d.ts. The name is ignored.
 * @returns {Promise<import('./store.js').Store>}
 */
export async function open() {
  const entries = new Map();
  let saves = 0;
  return {
    async load() {
      return [...entries];
    },
    async save(changed) {
      saves++;
      for (const [key, text] of changed) {
        if (text === '') entries.delete(key);
        else entries.set(key, text);
      }
    },
    async version() {
      return String(saves);
    },
    async close() {},
  };
}
