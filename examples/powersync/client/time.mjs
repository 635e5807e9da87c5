// Times of a hybrid logical clock as texts of 30 characters, such as 2026-03-02T12:00:00.123000003Z: milliseconds, and
// a counter of six digits. The order of the texts is the order of the times.

const MILLISECONDS = 23; // the length of the text up to the milliseconds
const COUNTERS = 1e6;

/** timeOf returns the first time of a millisecond. */
export const timeOf = (ms) => `${new Date(ms).toISOString().slice(0, MILLISECONDS)}000000Z`;

/** msOf returns the milliseconds of a time. */
export const msOf = (time) => Date.parse(`${time.slice(0, MILLISECONDS)}Z`);

/** after returns the next time. */
export function after(time) {
  const counter = Number(time.slice(MILLISECONDS, 29)) + 1;
  if (counter === COUNTERS) return timeOf(msOf(time) + 1);
  return `${time.slice(0, MILLISECONDS)}${String(counter).padStart(6, '0')}Z`;
}

/** later returns the greater of two times; '' is less than every time. */
export const later = (a, b) => (a < b ? b : a);

/** timeIn returns the time of a stamp, which is a time, a slash and a client ID. */
export const timeIn = (stamp) => stamp.split('/')[0];
