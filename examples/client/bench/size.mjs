// Tells the size of the client without stores, minified and compressed, and fails if it exceeds 16 KiB: npm run size

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT = 16 << 10;

const options = { cwd: join(import.meta.dirname, '..'), input: "export * from './index.js'; export * from './remote.js';" };
const script = execFileSync('esbuild', ['--bundle', '--minify', '--format=esm', '--log-level=warning'], options);
const { length } = gzipSync(script, { level: 9 });
console.log(`index.js and remote.js are ${length} bytes of at most ${LIMIT}`);
process.exitCode = length > LIMIT ? 1 : 0;
