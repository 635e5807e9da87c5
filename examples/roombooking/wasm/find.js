// Prints the violations among the records on standard input, with Node:
//
//   node find.js "$(go env GOROOT)/lib/wasm/wasm_exec.js" rooms.wasm < records.jsonl
//
// A browser loads wasm_exec.js, which comes with Go, with a script tag, and the program with
// WebAssembly.instantiateStreaming. The rest is the same.
"use strict";

const fs = require("fs");
const [support, program] = process.argv.slice(2);
require(require("path").resolve(support));

async function main() {
  const go = new Go();
  const { instance } = await WebAssembly.instantiate(fs.readFileSync(program), go.importObject);
  go.run(instance); // not awaited: it runs until the page, or this process, ends
  const found = findViolations(fs.readFileSync(0, "utf8"));
  if (found instanceof Error) throw found;
  fs.writeSync(1, found + "\n");
}

main().then(() => process.exit(0), (err) => {
  console.error(String(err));
  process.exit(1);
});
