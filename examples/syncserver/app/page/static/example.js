// Sample data for an empty board.

import { dayAfter, firstDay, slotAt } from './rooms.js';

/** hasNothing reports whether a workspace holds no task and no meeting, deleted ones included. */
export const hasNothing = ({ tables: { tasks, meetings } }) => tasks.size === 0 && meetings.size === 0;

/**
 * fillFirst fills in the example for a new workspace. Several new devices may do so before one has
 * received the edits of another, so the records have the same IDs on all of them.
 */
export const fillFirst = (replica) => fill(replica, (n) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`);

/**
 * fillAgain fills in the example on a board that has become empty. The records are new, because the
 * records of the first example may have been deleted.
 */
export const fillAgain = (replica) => fill(replica, () => null);

/** fill writes some tasks and a meeting with ordinary edits. IDs ascend, so the last task comes first. */
function fill(replica, idOf) {
  const today = dayAfter(null, 0);
  const tasks = [
    ['Put the tools away', 'done', null, 'Ana'],
    ['Order the paint', 'done', null, 'Ben'],
    ['Ask the neighbours', 'doing', dayAfter(today, 1), 'Ana'],
    ['Write the invitation', 'todo', dayAfter(today, 9), null],
    ['Fix the gate', 'todo', dayAfter(today, 5), 'Ben'],
    ['Paint the fence', 'todo', dayAfter(today, 3), 'Ana'],
  ];
  tasks.forEach(([title, status, due, assignee], i) => {
    replica.edit('tasks', idOf(i + 1), { title, status, ...(due && { due }), ...(assignee && { assignee }) });
  });
  replica.edit('meetings', idOf(tasks.length + 1), { title: 'Weekly review', host: 'Ana', slot: slotAt('Room A', firstDay(), 13) });
}
