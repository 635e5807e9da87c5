// A local-first client; see README.md.

export { openReplica } from './src/replica.js';
export { Integer, canonical } from './src/value.js';
