// The log of a device goes on when its page is loaded again: the browser keeps it with the tab, and forgets it with the
// tab. It has no values.

const MOST = 1 << 18; // characters of the events that are kept

const linesOf = (text) => text.split('\n').filter(Boolean);
const textOf = (head, events) => [JSON.stringify(head), ...events].map((line) => `${line}\n`).join('');

/** joined returns a log that goes on from an earlier one of the same client. Otherwise it returns the later one. */
export function joined(earlier, later) {
  const [[was = '{}', ...before], [is, ...now]] = [linesOf(earlier), linesOf(later)];
  const { client, dropped } = JSON.parse(was);
  const head = JSON.parse(is);
  if (!client || client !== head.client || head.dropped > 0) return later; // there would be a gap
  return textOf({ ...head, dropped }, [...before, ...now]);
}

/** ending returns the last events of a log, up to a number of characters. */
export function ending(text, most = MOST) {
  const [head, ...events] = linesOf(text);
  let first = events.length;
  for (let left = most; first > 0 && (left -= events[first - 1].length) >= 0; ) first--;
  const { dropped = 0, ...rest } = JSON.parse(head);
  return textOf({ ...rest, dropped: dropped + first || undefined }, events.slice(first));
}

/** keep keeps the ending of a log when the page ends. */
export function keep(side, log) {
  addEventListener('pagehide', () => {
    try {
      sessionStorage.setItem(`log/${side}`, ending(log()));
    } catch {
      // the browser stores nothing
    }
  });
}

/** forgetKept forgets the log that was kept. */
export function forgetKept(side) {
  try {
    sessionStorage.removeItem(`log/${side}`);
  } catch {
    // the browser stores nothing
  }
}

/** kept returns the log that was kept last, or ''. */
export function kept(side) {
  try {
    return sessionStorage.getItem(`log/${side}`) ?? '';
  } catch {
    return '';
  }
}
