// The rooms and hours of the calendar, and the slots made of them. Days and hours are in the reader's
// zone; slots are stored in UTC.

import { dayOf, local } from './zone.js';

export const ROOMS = ['Room A', 'Room B', 'Room C'];
export const HOURS = [9, 10, 11, 12, 13, 14, 15, 16];
const HOUR = 3_600_000;

export const hourName = (hour) => `${String(hour).padStart(2, '0')}:00`;

/** slotAt returns an hour in a room, on a day like 2026-03-02. */
export function slotAt(room, day, hour) {
  const start = new Date(`${day}T${hourName(hour)}:00`);
  const text = (time) => time.toISOString().replace('.000', '');
  return { room, start: text(start), end: text(new Date(start.getTime() + HOUR)) };
}

/** isPast reports whether an hour has begun. A conflict in the past does not matter, so such an
 * hour cannot be booked. */
export const isPast = (day, hour) => new Date(`${day}T${hourName(hour)}:00`) <= Date.now();

/** firstDay returns today, or tomorrow if few hours of today are left. */
export function firstDay() {
  const today = dayAfter(null, 0);
  return HOURS.filter((hour) => !isPast(today, hour)).length >= 4 ? today : dayAfter(today, 1);
}

/** dayAfter returns the day that is the given number of days after a day, or after today. */
export function dayAfter(day, days) {
  const from = new Date(`${day ?? local(new Date()).slice(0, 10)}T00:00:00Z`);
  return new Date(from.getTime() + days * 24 * HOUR).toISOString().slice(0, 10);
}

/** moved returns a slot in another room or at another hour of its day, with its old length. */
export function moved(slot, { room = slot.room, hour }) {
  if (hour === undefined) return { ...slot, room };
  const start = slotAt(room, dayOf(slot.start), hour).start;
  const end = new Date(Date.parse(start) + Date.parse(slot.end) - Date.parse(slot.start));
  return { ...slot, room, start, end: end.toISOString().replace('.000', '') };
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/; // other forms parse as well, but cannot be sliced
const isTime = (v) => typeof v === 'string' && TIME.test(v) && !Number.isNaN(Date.parse(v));

/** slotOf returns the slot of a meeting if it has a readable one. */
export function slotOf(view) {
  const slot = view.data.slot?.value;
  return typeof slot?.room === 'string' && isTime(slot.start) && isTime(slot.end) ? slot : null;
}

/** overlap reports whether two slots need the same room at the same time. */
export const overlap = (a, b) => a?.room === b?.room && Date.parse(a?.start) < Date.parse(b?.end) && Date.parse(b?.start) < Date.parse(a?.end);

/** nextFree returns the first free hour after a slot, in the same room. */
export function nextFree(slot, meetings) {
  const taken = meetings.filter((m) => !m.deleted).map(slotOf).filter((s) => s?.room === slot.room);
  for (let days = 0; days < 30; days++) {
    const day = dayAfter(dayOf(slot.start), days);
    if (!isTime(`${day}T00:00`)) return null; // the year 9999 is over
    for (const hour of HOURS) {
      const free = slotAt(slot.room, day, hour);
      const later = Date.parse(free.start) > Date.parse(slot.start) && !isPast(day, hour);
      if (later && !taken.some((other) => overlap(other, free))) return free;
    }
  }
  return null;
}
