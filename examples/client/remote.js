// Rounds of sync over HTTP: pull, push, and pull again.

import { refuse } from './src/text.js';
import { events, isBad, isSlow, progressOf, pull, push, renew } from './requests.js';

export { join } from './requests.js';

const ITEMS = 500; // edits in a push
const BYTES = 900_000;
const QUICK = 15_000; // milliseconds: after an answer within this time, the next push may be larger

/** openRemote connects a Replica to a server, or the Replica that tabs share; see remote.d.ts. */
export function openRemote({ replica = null, save, act, url, token, renewed = () => {}, progress = () => {}, fetch }) {
  const r = { open: replica, heard: null, renewed, progress, most: ITEMS, caller: { url, token, fetch, heard: (time, took) => hear(r, time, took) } };
  r.act = act ? (within) => act((opened, saveOpened) => enter(r, opened, () => within(opened, saveOpened))) : inTurn(replica, save);
  return {
    sync: (signal) => withToken(r, signal, (c) => round(r, c)),
    events: (signal, tell) => withToken(r, signal, async (c) => {
      for await (const sequence of events(c)) await tell(sequence);
    }),
  };
}

// inTurn returns what act of a Tab is for a Replica of one program: rounds may overlap, like rounds of tabs. After a
// save has failed, all later ones fail, because some entries were not stored.
function inTurn(replica, save) {
  let last = Promise.resolve();
  let saved = last;
  return (within) => {
    const ended = last.then(() => within(replica, () => (saved = saved.then(save))));
    last = ended.catch(() => {});
    return ended;
  };
}

// While no tab acts, the server's time is kept.
function hear(r, time, took) {
  if (r.open) r.open.serverTime(time, took);
  else r.heard = { time, took, at: Date.now() };
}

async function enter(r, replica, within) {
  const { heard } = r;
  if (heard) replica.serverTime(heard.time, heard.took + Date.now() - heard.at);
  Object.assign(r, { open: replica, heard: null });
  try {
    return await within();
  } finally {
    r.open = null;
  }
}

// A token that has ended is renewed once.
async function withToken(r, signal, ask) {
  try {
    return await ask({ ...r.caller, signal });
  } catch (error) {
    if (error.code !== 'token_ended') throw error;
    r.caller.token = (await renew({ ...r.caller, signal })).token;
    r.renewed(r.caller.token);
    return ask({ ...r.caller, signal });
  }
}

const waiting = (r) => r.act((replica) => replica.waiting);

// A round pulls before it pushes, so that the client holds the values that an edit replaces. It returns the number of
// edits that still wait.
async function round(r, c) {
  await pullAll(r, c);
  let before = await waiting(r);
  for (let idle = 0; before > 0 && idle < 2 * before; ) { // idle: edits that were answered and stayed
    const count = await pushSome(r, c);
    await pullAll(r, c);
    const now = await waiting(r);
    if (count === 0) return now;
    idle = now < before ? 0 : idle + count;
    before = now;
  }
  return before;
}

// A pull may take long, so nothing is locked meanwhile: the answer is discarded if another tab has moved the cursor.
async function pullAll(r, c) {
  for (;;) {
    const begun = await r.act(async (replica, save) => {
      const pulling = replica.beginPull();
      await save();
      return pulling;
    });
    const { cursor } = begun;
    for await (const lines of pull(c, cursor)) {
      await r.act(async (replica, save) => {
        replica.pulled(begun, lines);
        await save();
      });
      r.progress(progressOf(lines));
    }
    if (begun.settled) return;
    if (begun.cursor === cursor && !(await r.act((replica) => replica.cursor !== cursor))) refuse('answer'); // nothing came, and more is said to follow
  }
}

// pushSome pushes a batch, halved until it arrives and the server can read it. It returns the number of edits that were
// answered.
async function pushSome(r, c) {
  let pulled = false;
  for (let items = r.most; ; ) {
    const { count, error } = await r.act((replica, save) => pushOnce(r, c, { replica, save, items }));
    if (!error) return count;
    if (error.code === 'epoch_changed' && !pulled) { // the server was restored, and has judged nothing
      pulled = true;
      await pullAll(r, c);
    } else if ((isBad(error) || isSlow(error)) && count > 1) {
      items = Math.floor(count / 2);
      if (isSlow(error)) r.most = items;
    } else throw error;
  }
}

// pushOnce holds the lock of the tabs until the answer is saved, or another tab would send the same edits.
async function pushOnce(r, c, { replica, save, items }) {
  const { text, count } = replica.batch(items, BYTES);
  await save(); // otherwise a stamp could be used twice after a crash
  if (count === 0) return { count };
  const began = Date.now();
  try {
    const { results } = await push(c, replica.cursor, text);
    if (Date.now() - began < QUICK) r.most = Math.min(ITEMS, 2 * r.most);
    replica.answer(JSON.stringify(results));
  } catch (error) {
    if (!isBad(error) || count > 1) return { count, error };
    replica.answer(JSON.stringify([{ index: 0, verdict: 'refused', code: error.code, detail: error.message }]));
  }
  await save();
  return { count };
}
