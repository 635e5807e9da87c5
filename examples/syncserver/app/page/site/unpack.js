// The program in WebAssembly is stored compressed, because simple file servers do not compress.

export const PROGRAM = 'page/replica.wasm.gz';

/** unpack requests a compressed program and returns an answer with the program itself. */
export async function unpack(address, fetch = globalThis.fetch) {
  const answer = await fetch(address);
  if (!answer.ok) return answer;
  const bytes = await answer.arrayBuffer();
  const [first, second] = new Uint8Array(bytes, 0, 2);
  const packed = first === 0x1f && second === 0x8b; // otherwise the browser has unpacked it, because the file server named the coding
  const body = new Blob([bytes]).stream();
  return new Response(packed ? body.pipeThrough(new DecompressionStream('gzip')) : body, { headers: { 'Content-Type': 'application/wasm' } });
}
