// The order of the tasks: one list over all of them, by the positions that users give them. A column shows its tasks from
// the end of the list, so the task with the last position is on top. Tasks without a position are below the others, the
// newest first, because IDs ascend with time.

import { between, byPosition, respace } from '../../../../client/order.js';
import { value } from './words.js';

const LONG = 64; // characters. Positions that would be longer are made short again; see respace
const SHORT = 38; // characters. A position up to this length stays as it is; see respace
const ANYONE = { client: 'ffffffff-ffff-7fff-bfff-ffffffffffff', n: 0 }; // not a device

/** ordered sorts tasks, the top one first. */
export const ordered = (tasks) => tasks.map((task) => [task.id, fieldsOf(task), task]).sort(byPosition('position')).reverse().map(([, , task]) => task);

const fieldsOf = ({ data }) => ({ has: (field) => field in data, get: (field) => data[field] });

/** hasPositions reports whether any of some tasks has been given a position. Without positions, the newest task is on top. */
export const hasPositions = (tasks) => tasks.some((task) => value(task, 'position') != null);

/** MOST is the greatest number of other tasks to which one move gives positions. One push holds their edits. */
export const MOST = 1000;

/** topPosition returns a position above the positions of all tasks, except those above which there is no short one. */
export function topPosition(tasks, turn) {
  const low = ordered(tasks).map(textOf).find((position) => isRoomAbove(position, turn)) ?? '';
  return between(low, '', turn);
}

function isRoomAbove(text, turn) {
  try {
    return between(text, '', turn).length <= LONG;
  } catch {
    return false; // it is not a position
  }
}

/**
 * moved returns what to write so that an index number of other tasks are above a task: its position, and positions that
 * other tasks need first, usually those above it that have none. They may be more than MOST. It returns null if the task
 * is there already.
 * @param {{column: object[], task: object, index: number}} move the tasks of the column, the top one first
 * @returns {{first: {id: string, position: string}[], position: string} | null}
 */
export function moved({ column, task, index }, turn) {
  const from = column.findIndex(({ id }) => id === task.id);
  if (from === index) return null;
  // A task that moves down keeps its old place among those above, so the move can be undone.
  const at = from >= 0 && from < index ? index + 1 : index;
  const list = column.map((view) => ({ id: view.id, position: textOf(view) }));
  const move = squeezed(list, at, turn);
  if (move && move.position.length <= LONG) return move;
  list.splice(at, 0, { id: '', position: '' });
  const low = list.findIndex(({ position }, i) => i > at && position !== '' && position.length <= SHORT && isRoomAbove(position, turn));
  const near = low < 0 ? list : list.slice(0, low + 1); // the tasks below one with a good position keep theirs
  const spaced = respace(near.filter(({ position }, i) => i <= at || position !== '').reverse(), turn);
  const first = spaced.filter(({ id }) => id !== '');
  return move && first.length > MOST ? move : { first, position: spaced.find(({ id }) => id === '').position };
}

// squeezed returns a move to a place between two tasks, or null if nothing is between their positions. Each task above
// without a position gets the lowest one. Devices that show the same tasks give them the same positions, so no device
// loses a position that its user has not chosen.
function squeezed(list, at, turn) {
  const first = [];
  let above = '';
  try {
    for (const { id, position } of list.slice(0, at)) {
      above = position || between('', above, ANYONE);
      if (position === '') first.push({ id, position: above });
    }
    return { first, position: between(list[at]?.position ?? '', above, turn) };
  } catch {
    return null; // two of them are equal, or one is not a position
  }
}

// textOf returns the position of a task, or '' if it has a number or nothing.
const textOf = (task) => (typeof value(task, 'position') === 'string' ? value(task, 'position') : '');
