// The program in Go that merges, built for js/wasm.

/** ProgramError says that the program could not do what it was asked to. */
export class ProgramError extends Error {}

/** program fetches and compiles the program once; it is run once for each replica. */
export async function program() {
  await import('./wasm_exec.js').catch(() => {}); // where it fails, the next one tells why
  const answer = await fetch('page/replica.wasm');
  if (!answer.ok) throw new Error(await answer.text());
  return WebAssembly.compileStreaming(answer);
}

/** run runs the program and returns the functions that it offers. */
export async function run(module, name) {
  globalThis.fieldlww ??= {};
  const go = new globalThis.Go();
  go.argv = ['replica', name];
  go.run(await WebAssembly.instantiate(module, go.importObject));
  return globalThis.fieldlww[name];
}
