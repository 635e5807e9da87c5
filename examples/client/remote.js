// Rounds of sync over HTTP: pull, push, and pull again.

import { refuse } from './src/text.js';
import { events, isBad, isSlow, progressOf, pull, push, renew } from './requests.js';

export { join } from './requests.js';

const ITEMS = 500; // edits in a push
const BYTES = 900_000;
const QUICK = 15_000; // milliseconds: after an answer within this time, the next push may be larger

/**
 * openRemote connects a Replica to a server.
 * @param {object} options
 * @param {object} options.replica
 * @param {string} options.url of the server
 * @param {string} options.token
 * @param {() => Promise<void>} options.save writes what takeSaves returns. It is called after each change, and edits
 *   are sent only after it.
 * @param {(token: string) => void} [options.renewed] takes a new token, after the old one has ended
 * @param {(progress: {reached: number, last: number} | null) => void} [options.progress] is called when a part of the
 *   changes was pulled, and with null after the last of them; see progressOf
 * @param {typeof fetch} [options.fetch]
 */
export function openRemote({ replica, url, token, save, renewed = () => {}, progress = () => {}, fetch }) {
  const r = { replica, save, renewed, progress, most: ITEMS, caller: { url, token, fetch, heard: (time, took) => replica.serverTime(time, took) } };
  return {
    /** sync pulls, pushes until no edit waits, and pulls again. It rejects if the server cannot be asked or refuses. */
    sync: (signal) => withToken(r, signal, (c) => round(r, c)),
    /** events calls a function with the last sequence whenever there is news, until the signal is aborted. */
    events: (signal, tell) => withToken(r, signal, async (c) => {
      for await (const sequence of events(c)) tell(sequence);
    }),
  };
}

// A token that has ended is renewed once.
async function withToken(r, signal, act) {
  try {
    return await act({ ...r.caller, signal });
  } catch (error) {
    if (error.code !== 'token_ended') throw error;
    r.caller.token = (await renew({ ...r.caller, signal })).token;
    r.renewed(r.caller.token);
    return act({ ...r.caller, signal });
  }
}

// A round pulls before it pushes, so that the client holds the values that an edit replaces.
async function round(r, c) {
  await pullAll(r, c);
  for (let idle = 0; r.replica.waiting > 0 && idle < 2 * r.replica.waiting; ) { // idle: edits that were answered and stayed
    const before = r.replica.waiting;
    const count = await pushSome(r, c);
    await pullAll(r, c);
    if (count === 0) return;
    idle = r.replica.waiting < before ? 0 : idle + count;
  }
}

async function pullAll(r, c) {
  for (;;) {
    const begun = r.replica.beginPull();
    const { cursor } = begun;
    await r.save();
    for await (const lines of pull(c, cursor)) {
      r.replica.pulled(begun, lines);
      await r.save();
      r.progress(progressOf(lines));
    }
    if (begun.settled) return;
    if (begun.cursor === cursor) refuse('answer'); // it brought nothing, and says that there is more
  }
}

// pushSome pushes a batch, halved until it arrives and the server can read it. It returns the number of edits that were
// answered.
async function pushSome(r, c) {
  let pulled = false;
  for (let items = r.most; ; ) {
    const { text, count } = r.replica.batch(items, BYTES);
    await r.save(); // otherwise a stamp could be used twice after a crash
    if (count === 0) return 0;
    const began = Date.now();
    try {
      const { results } = await push(c, r.replica.cursor, text);
      if (Date.now() - began < QUICK) r.most = Math.min(ITEMS, 2 * r.most);
      r.replica.answer(JSON.stringify(results));
      await r.save();
      return count;
    } catch (error) {
      if (error.code === 'epoch_changed' && !pulled) { // the server was restored, and has judged nothing
        pulled = true;
        await pullAll(r, c);
      } else if (isBad(error) && count === 1) {
        r.replica.answer(JSON.stringify([{ index: 0, verdict: 'refused', code: error.code, detail: error.message }]));
        await r.save();
        return count;
      } else if ((isBad(error) || isSlow(error)) && count > 1) {
        items = Math.floor(count / 2);
        if (isSlow(error)) r.most = items;
      } else throw error;
    }
  }
}
