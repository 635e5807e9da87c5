// Sync over HTTP: pull, push, and the stream of events. The server is examples/syncserver.

import { parse } from './src/value.js';

const ITEMS = 500; // edits in a push
const BYTES = 900_000;
const ROWS = 10_000; // records in the answer to a pull
const PATIENCE = 60_000; // milliseconds that an answer may take, or pause
const QUICK = 15_000; // milliseconds: after an answer within this time, the next push may be larger
const SILENCE = 40_000; // milliseconds without data after which a stream of events is dead
const COLUMNS = 'application/vnd.fieldlww.columns+jsonl;v=1, application/jsonl;q=0.5';

// refused returns the error for an answer whose status is not a success.
function refused({ status, headers }, { code = `status ${status}`, detail = '' }) {
  const wait = 1000 * (Number(headers.get('Retry-After')) || 0); // milliseconds until the request may be sent again
  return Object.assign(new Error(detail || code), { name: 'Refused', status, code, wait });
}

// A request itself is at fault if the server says so. A proxy may answer with the same status.
const isBad = (error) => error.name === 'Refused' && ['malformed', 'too_large'].includes(error.code);
const isSlow = (error) => error.name === 'TimeoutError' || (!isBad(error) && [408, 413, 504].includes(error.status));

/**
 * openRemote connects a Replica to a server.
 * @param {object} options
 * @param {object} options.replica
 * @param {string} options.url of the server
 * @param {string} options.token
 * @param {() => Promise<void>} options.save writes what takeSaves returns. It is called after each change, and edits
 *   are sent only after it.
 * @param {(token: string) => void} [options.renewed] takes a new token, after the old one has ended
 * @param {typeof fetch} [options.fetch]
 */
export function openRemote({ replica, url, token, save, renewed = () => {}, fetch = globalThis.fetch }) {
  const c = { replica, url, token, save, renewed, fetch, most: ITEMS };
  return {
    /** sync pulls, pushes until no edit waits, and pulls again. It rejects if the server cannot be asked or refuses. */
    sync: (signal) => withToken(c, signal, () => round(c, signal)),
    /** events calls a function with the last sequence whenever there is news, until the signal is aborted. */
    events: (signal, tell) => listen(c, signal, tell),
  };
}

/** join asks for a client ID and its token: { clientId, user, token }. */
export async function join({ url, workspace, invite, fetch = globalThis.fetch, signal }) {
  const answer = await request({ url, fetch }, { path: 'v1/join', method: 'POST', body: JSON.stringify({ workspace, invite }), signal: timed(signal) });
  return answer.json();
}

const timed = (signal) => AbortSignal.any([AbortSignal.timeout(PATIENCE)].concat(signal || []));

async function request(c, { path, signal, headers = {}, ...options }) {
  const asked = Date.now();
  const sent = c.token ? { ...headers, Authorization: `Bearer ${c.token}` } : headers;
  const answer = await c.fetch(`${c.url.replace(/\/$/, '')}/${path}`, { cache: 'no-store', ...options, headers: sent, signal });
  const time = answer.headers.get('Server-Time');
  if (time && c.replica) c.replica.serverTime(time, Date.now() - asked);
  if (answer.ok) return answer;
  throw refused(answer, await answer.json().catch(() => ({})));
}

// A token that has ended is renewed once.
async function withToken(c, signal, act) {
  try {
    return await act();
  } catch (error) {
    if (error.code !== 'token_ended') throw error;
    const answer = await request(c, { path: 'v1/renew', method: 'POST', signal: timed(signal) });
    c.token = (await answer.json()).token;
    c.renewed(c.token);
    return act();
  }
}

// A round pulls before it pushes, so that the client holds the values that an edit replaces.
async function round(c, signal) {
  await pullAll(c, signal);
  for (let idle = 0; c.replica.waiting > 0 && idle < 2 * c.replica.waiting; ) { // idle: edits that were answered and stayed
    const before = c.replica.waiting;
    const count = await pushSome(c, signal);
    await pullAll(c, signal);
    if (count === 0) return;
    idle = c.replica.waiting < before ? 0 : idle + count;
  }
}

async function pullAll(c, signal) {
  for (;;) {
    const pull = c.replica.beginPull();
    const { cursor } = pull;
    await c.save();
    for await (const lines of pages(c, cursor, signal)) {
      c.replica.pulled(pull, lines);
      await c.save();
    }
    if (pull.settled) return;
    if (pull.cursor === cursor) throw Object.assign(new Error('fieldlww: refused: answer'), { name: 'FieldlwwError', reason: 'answer' });
  }
}

// pages yields the chunks of a pull as they arrive: the text up to the last line that has a cursor.
async function* pages(c, cursor, signal) {
  const watch = watching(PATIENCE, signal);
  try {
    const answer = await request(c, { path: `v1/pull?cursor=${encodeURIComponent(cursor)}&limit=${ROWS}`, headers: { Accept: COLUMNS }, signal: watch.signal });
    let text = '';
    for await (const part of texts(answer, watch)) {
      text += part;
      const end = endOfChunk(text);
      if (end === 0) continue;
      yield text.slice(0, end);
      text = text.slice(end);
    }
    if (text.trim() !== '') throw new Error('the answer was cut off');
  } finally {
    watch.end();
  }
}

// endOfChunk returns where the last trailer ends. The member cursor may also be a field or stand in a text.
function endOfChunk(text) {
  for (let end = text.lastIndexOf('\n') + 1; end > 0; ) {
    const start = text.lastIndexOf('\n', end - 2) + 1;
    const line = text.slice(start, end);
    if (line.includes('"cursor"')) {
      const { cursor, table } = parse(line);
      if (typeof cursor === 'string' && !table) return end;
    }
    end = start;
  }
  return 0;
}

async function* texts(answer, watch) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    watch.heard();
    yield decoder.decode(value, { stream: !done });
    if (done) return;
  }
}

// watching aborts an answer that pauses for too long.
function watching(milliseconds, signal) {
  const dead = new AbortController();
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => dead.abort(new DOMException('the answer pauses', 'TimeoutError')), milliseconds);
  };
  heard();
  return {
    signal: AbortSignal.any([dead.signal].concat(signal || [])),
    heard,
    end() {
      clearTimeout(timer);
      dead.abort();
    },
  };
}

// pushSome pushes a batch, halved until it arrives and the server can read it. It returns the number of edits that were
// answered.
async function pushSome(c, signal) {
  let pulled = false;
  for (let items = c.most; ; ) {
    const { text, count } = c.replica.batch(items, BYTES);
    await c.save(); // otherwise a stamp could be used twice after a crash
    if (count === 0) return 0;
    try {
      c.replica.answer(await push(c, text, signal));
      await c.save();
      return count;
    } catch (error) {
      if (error.code === 'epoch_changed' && !pulled) { // the server was restored, and has judged nothing
        pulled = true;
        await pullAll(c, signal);
      } else if (isBad(error) && count === 1) {
        c.replica.answer(JSON.stringify([{ index: 0, verdict: 'refused', code: error.code, detail: error.message }]));
        await c.save();
        return count;
      } else if ((isBad(error) || isSlow(error)) && count > 1) {
        items = Math.floor(count / 2);
        if (isSlow(error)) c.most = items;
      } else throw error;
    }
  }
}

async function push(c, body, signal) {
  const began = Date.now();
  const answer = await request(c, { path: `v1/push?v=2&cursor=${encodeURIComponent(c.replica.cursor)}`, method: 'POST', body, signal: timed(signal) });
  const { results } = await answer.json();
  if (Date.now() - began < QUICK) c.most = Math.min(ITEMS, 2 * c.most);
  return JSON.stringify(results);
}

// listen reads the stream of events. A token must not appear in an address, so this is a fetch, not an EventSource.
async function listen(c, signal, tell) {
  const watch = watching(SILENCE, signal);
  try {
    const answer = await request(c, { path: 'v1/events', signal: watch.signal });
    let text = '';
    for await (const part of texts(answer, watch)) {
      const lines = (text + part).split('\n');
      text = lines.pop();
      for (const line of lines) if (line.startsWith('data: ')) tell(Number(line.slice('data: '.length)));
    }
  } finally {
    watch.end();
  }
}
