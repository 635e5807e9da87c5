// The replica in Go as a program of the page. Its functions take and return JSON; program.js has their list.

import { newId } from './id.js';

const compiled = {}; // the module is compiled once. Each replica runs an instance of its own.

/** webassembly starts the Go program for a side of the page and returns its functions. */
export async function webassembly(side) {
  compiled.module ??= await compile();
  globalThis.fieldlww ??= {};
  const go = new globalThis.Go();
  go.argv = ['replica', side];
  go.run(await WebAssembly.instantiate(compiled.module, go.importObject));
  return functions(globalThis.fieldlww[side]);
}

async function compile() {
  await import('./wasm_exec.js').catch(() => {}); // if this fails, the next request says why
  const answer = await fetch('page/replica.wasm');
  if (!answer.ok) throw new Error(await answer.text());
  return WebAssembly.compileStreaming(answer);
}

function functions(program) {
  const call = (name, ...args) => {
    const result = program[name](...args);
    if (result instanceof Error) throw result;
    return result;
  };
  const parsed = (name, ...args) => JSON.parse(call(name, ...args));
  return {
    open: (clientId, entries) => call('open', clientId, entries.flat()),
    close: () => call('close'),
    setSkew: (milliseconds) => call('setSkew', milliseconds),
    newId: () => newId(Date.now()),
    edit: (table, id, fields, seen) => call('edit', table, id, JSON.stringify(fields), JSON.stringify(seen)),
    beginPull: () => call('beginPull'),
    pulled: (lines) => call('pulled', new TextEncoder().encode(lines)),
    batch: (items, bytes) => call('batch', items, bytes),
    answer: (text) => call('answer', text),
    serverTime: (text, took) => call('serverTime', text, took),
    records: () => parsed('records'),
    violations: () => parsed('violations'),
    lostEdits: () => parsed('lostEdits'),
    waiting: () => parsed('waiting'),
    why: (table, id, field) => parsed('why', table, id, field),
    digest: (bucket) => call('digest', bucket),
    log: () => call('log'),
    take: () => parsed('take'),
  };
}
