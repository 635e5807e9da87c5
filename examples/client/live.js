// Keeping a client in sync: rounds when there is something to sync, and again after a failure.

const FIRST = 1000; // milliseconds of the pause after a failure, which doubles with each further one
const LONGEST = 60_000; // milliseconds until the next round, without a stream of events
const HOUR = 3_600_000; // the longest pause that a server can ask for

/** keepInSync syncs until a signal is aborted; see live.d.ts. */
export function keepInSync({ remote, signal, told = () => {} }) {
  const s = { remote, signal, told, woken: false, hears: false, sleepers: new Set() };
  const wake = () => {
    s.woken = true;
    for (const end of s.sleepers) end();
  };
  return { wake, ended: Promise.all([rounds(s), news(s, wake)]).then(() => {}) };
}

async function rounds(s) {
  for (let failures = 0; !s.signal.aborted; ) {
    s.woken = false; // a call of wake from now on leads to another round
    const { waiting, error = null } = await s.remote.sync(s.signal).then((n) => ({ waiting: n }), (failure) => ({ error: failure }));
    if (s.signal.aborted) return;
    s.told(error);
    if (error) await retreat(s, error, failures++);
    else {
      failures = 0;
      await rest(s, waiting);
    }
  }
}

// rest waits for something to sync.
async function rest(s, waiting) {
  while (!s.woken && !s.signal.aborted) {
    await pause(s, LONGEST);
    if (!s.hears || waiting > 0) return;
  }
}

async function news(s, wake) {
  for (let failures = 0; !s.signal.aborted; ) {
    const heard = () => {
      failures = 0;
      s.hears = true;
      wake();
    };
    const error = await s.remote.events(s.signal, heard).then(() => ({}), (failure) => failure); // streams break
    s.hears = false;
    await retreat(s, error, failures++);
  }
}

// retreat waits after a failure. Only the signal shortens a pause that the server has asked for.
function retreat(s, { wait = 0 }, failures) {
  if (wait > 0) return pause({ sleepers: new Set(), signal: s.signal }, Math.min(wait, HOUR));
  return pause(s, Math.min(LONGEST, FIRST * 2 ** failures) * (0.5 + Math.random() / 2));
}

// pause ends after a time, when wake is called, or when the signal is aborted.
async function pause({ sleepers, signal }, milliseconds) {
  if (signal.aborted) return;
  let end;
  const woken = new Promise((resolve) => (end = resolve));
  const timer = setTimeout(end, milliseconds);
  sleepers.add(end);
  signal.addEventListener('abort', end);
  await woken;
  clearTimeout(timer);
  sleepers.delete(end);
  signal.removeEventListener('abort', end);
}
