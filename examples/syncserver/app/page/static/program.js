// The Go program that merges, built for js/wasm.

/** ProgramError reports that a call to the program failed. */
export class ProgramError extends Error {}

/** program fetches and compiles the program once. Each replica runs an instance of its own. */
export async function program() {
  await import('./wasm_exec.js').catch(() => {}); // if this fails, the next request says why
  const answer = await fetch('page/replica.wasm');
  if (!answer.ok) throw new Error(await answer.text());
  return WebAssembly.compileStreaming(answer);
}

/** run starts an instance of the program and returns its functions. */
export async function run(module, name) {
  globalThis.fieldlww ??= {};
  const go = new globalThis.Go();
  go.argv = ['replica', name];
  go.run(await WebAssembly.instantiate(module, go.importObject));
  return globalThis.fieldlww[name];
}
