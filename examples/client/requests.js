// The requests to a server, which is examples/syncserver. A caller is { url, token, signal, heard, fetch }; see
// requests.d.ts. A token must not appear in an address, so the stream of events is a fetch, not an EventSource.

import { isCount, isText, reading, refuse } from './src/text.js';

const ROWS = 10_000; // records in the answer to a pull
const CHUNK = 1 << 26; // characters of a chunk, or of another answer
const DAY = 86_400; // seconds: a timer cannot wait for a month
const PATIENCE = 60_000; // milliseconds that an answer may take, or pause
const SILENCE = 40_000; // milliseconds without data after which a stream of events is dead
const COLUMNS = 'application/vnd.fieldlww.columns+jsonl;v=1, application/jsonl;q=0.5';

/** ask sends a request and returns its answer, or rejects with a Refused if the status is not a success. */
export const ask = (c, path, options) => send(within(c, AbortSignal.timeout(PATIENCE)), path, options);

const within = (c, signal) => ({ ...c, signal: AbortSignal.any([signal].concat(c.signal || [])) });

async function send({ url = '', token, signal, heard = () => {}, fetch = globalThis.fetch }, path, { headers = {}, ...options } = {}) {
  const asked = Date.now();
  const sent = token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
  const answer = await fetch(`${url && url.replace(/\/?$/, '/')}${path}`, { cache: 'no-store', ...options, headers: sent, signal });
  const time = answer.headers.get('Server-Time');
  if (time && !signal.aborted) heard(time, Date.now() - asked);
  if (answer.ok) return answer;
  throw refused(answer, await read(answer).catch(() => ({})));
}

// refused returns the error for an answer whose status is not a success.
function refused({ status, headers }, said) {
  const { code = `status ${status}`, detail } = [said.code || '', said.detail || ''].every(isText) ? said : {};
  const wait = 1000 * Math.min(Math.max(Number(headers.get('Retry-After')) || 0, 0), DAY);
  return Object.assign(new Error(detail || code), { name: 'Refused', status, code, wait });
}

// read returns the JSON object in an answer, or refuses it.
async function read(answer) {
  let text = '';
  for await (const part of partsOf(answer)) if ((text += part).length > CHUNK) refuse('answer');
  return reading('answer', () => Object.assign({}, JSON.parse(text)));
}

// joined returns the client ID, the user and the token in an answer.
async function joined(answer) {
  const said = await read(answer);
  return [said.token, said.clientId || '', said.user || ''].every(isText) ? said : refuse('answer');
}

/** isBad reports whether the server itself, not a proxy, will never accept the request as it is. */
export const isBad = (error) => error.name === 'Refused' && ['malformed', 'too_large'].includes(error.code);

/** isSlow reports whether a request or its answer was late, or too large for a proxy in between. */
export const isSlow = (error) => error.name === 'TimeoutError' || (!isBad(error) && [408, 413, 504].includes(error.status));

/** join asks for a client ID and its token. */
export async function join({ workspace, invite, clientId, ...c }) {
  return joined(await ask(c, 'v1/join', { method: 'POST', body: JSON.stringify({ workspace, invite, clientId }) }));
}

/** renew asks for a new token for the same client. The token of the caller may have ended. */
export const renew = async (c) => joined(await ask(c, 'v1/renew', { method: 'POST' }));

/** push sends a batch with the cursor of the last pull, and returns the answer. */
export async function push(c, cursor, batch) {
  return read(await ask(c, `v1/push?v=2&cursor=${encodeURIComponent(cursor)}`, { method: 'POST', body: batch }));
}

/** pull yields the changes after a cursor as they arrive. Each text ends with the last line of a chunk. */
export async function* pull(c, cursor) {
  let chunk = ''; // complete lines
  let line = '';
  let count = 0;
  for await (const part of texts(c, PATIENCE, `v1/pull?cursor=${encodeURIComponent(cursor)}&limit=${ROWS}`, { headers: { Accept: COLUMNS } })) {
    const end = part.lastIndexOf('\n') + 1;
    const lines = end > 0 ? line + part.slice(0, end) : '';
    line = end > 0 ? part.slice(end) : line + part;
    const last = endOfChunk(lines);
    if (last > 0) yield chunk + lines.slice(0, last);
    chunk = last > 0 ? lines.slice(last) : chunk + lines;
    count += part.split('\n').length - 1;
    if (chunk.length + line.length > CHUNK || count > 3 * ROWS) refuse('answer'); // a record may be a chunk, with a reset
  }
  if ((chunk + line).trim() !== '') throw new Error('the answer was cut off');
}

// endOfChunk returns where the last trailer ends. The member cursor may also be a field or stand in a text.
function endOfChunk(lines) {
  for (let end = lines.length; end > 0; ) {
    const start = lines.slice(0, end - 1).lastIndexOf('\n') + 1;
    const line = lines.slice(start, end);
    if (line.includes('"cursor"') && isTrailer(line)) return end;
    end = start;
  }
  return 0;
}

const isTrailer = (line) => reading('answer', () => {
  const { cursor, table } = JSON.parse(line);
  return typeof cursor === 'string' && !table;
});

/**
 * progressOf returns how far the client is after a text that pull has yielded: the server has changes up to the sequence
 * last, and the client has them up to reached. It returns null after the last change, and if the server does not tell.
 */
export function progressOf(chunk) {
  const { more, reached, last } = JSON.parse(chunk.slice(chunk.lastIndexOf('\n', chunk.length - 2) + 1));
  return more && [reached, last].every(isCount) && reached <= last ? { reached, last } : null;
}

/** events yields the last sequence whenever there is news, until the stream breaks. */
export async function* events(c) {
  let line = '';
  for await (const part of texts(c, SILENCE, 'v1/events')) {
    const lines = (line + part).split('\n');
    line = lines.pop();
    if (line.length > ROWS) refuse('answer');
    for (const text of lines) if (text.startsWith('data: ')) yield Number(text.slice('data: '.length));
  }
}

// texts yields the parts of an answer as they arrive. It aborts an answer that pauses for too long.
async function* texts(c, milliseconds, path, options) {
  const dead = new AbortController();
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => dead.abort(new DOMException('the answer pauses', 'TimeoutError')), milliseconds);
  };
  heard();
  try {
    const answer = await send(within(c, dead.signal), path, options);
    heard();
    for await (const part of partsOf(answer)) {
      clearTimeout(timer); // the caller may take long
      yield part;
      heard();
    }
  } finally {
    clearTimeout(timer);
    dead.abort();
  }
}

async function* partsOf({ body }) {
  if (!body) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    yield decoder.decode(value, { stream: !done });
    if (done) return;
  }
}
