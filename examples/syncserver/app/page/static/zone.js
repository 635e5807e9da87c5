// Times as the reader's clock and calendar show them. What is stored and sent is in UTC.

const MINUTE = 60_000;

/** local returns a time in the reader's zone, in a form like 2026-03-02T14:00:05.000. */
export function local(time) {
  return new Date(time.getTime() - time.getTimezoneOffset() * MINUTE).toISOString().slice(0, -1);
}

/** dayOf returns the day of a stored time, such as 2026-03-02. */
export const dayOf = (text) => local(new Date(text)).slice(0, 10);

/** clockOf returns the hour and the minute of a stored time, such as 14:00. */
export const clockOf = (text) => local(new Date(text)).slice(11, 16);

/** hourOf returns the hour of a stored time as a number. */
export const hourOf = (text) => Number(clockOf(text).slice(0, 2));
