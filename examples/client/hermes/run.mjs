// Runs the tests of the core under Hermes, the engine of React Native: npm run hermes
//
// The tests are bundled with node.js of this folder in place of the modules of Node. esbuild and Hermes are the packages
// of the command in package.json. Hermes 0.12 is the last that is published with a virtual machine. It has neither class
// syntax, modules nor async functions, and one variable for all iterations of a loop.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '..');
const VM = { linux: 'linux64-bin/hermes', darwin: 'osx-bin/hermes', win32: 'win64-bin/hermes.exe' }[process.platform];

// The packages of npx are next to the folder of their commands.
const packages = process.env.PATH.split(delimiter).map((folder) => join(folder, '..'));

function find(path) {
  const found = packages.map((folder) => join(folder, path)).find(existsSync);
  if (!found) throw new Error(`${path} is missing: npm run hermes`);
  return found;
}

// A test of the core imports nothing but the core, and what node.js stands in for.
const STAND_IN = ['assert/strict', 'fs', 'test'];
const OF_THE_CORE = new RegExp(`^(node:(${STAND_IN.join('|')})|\\.\\./(src/[a-z0-9]+|index|violations)\\.js)$`);

function isOfTheCore(file) {
  const imports = readFileSync(join(ROOT, 'test', file), 'utf8').matchAll(/^import .* from '(.*)';$/gm);
  return [...imports].every(([, from]) => OF_THE_CORE.test(from));
}

const tests = readdirSync(join(ROOT, 'test')).filter((file) => file.endsWith('.test.mjs') && isOfTheCore(file));
const entry = ['hermes/node.js', ...tests.map((file) => `test/${file}`)].map((file) => `import './${file}';`).join('\n');
const { buildSync } = await import(pathToFileURL(find('esbuild/lib/main.js')));
const { outputFiles } = buildSync({
  stdin: { contents: entry, resolveDir: ROOT },
  bundle: true,
  ignoreAnnotations: true, // package.json says that modules have no side effects, but tests do
  write: false,
  format: 'iife',
  target: 'es2016',
  alias: Object.fromEntries(STAND_IN.map((name) => [`node:${name}`, './hermes/node.js'])),
  define: { 'import.meta.url': '""' },
  loader: { '.json': 'text' },
});

console.log(tests.join(', '));
const { status, error } = spawnSync(find(`hermes-engine-cli/${VM}`), ['-w', '-'], { input: `${outputFiles[0].text}\nreport();`, stdio: ['pipe', 'inherit', 'inherit'] });
if (error) throw error;
process.exitCode = status;
