// Sample data for an empty board.

import { dayAfter, firstDay, slotAt } from './rooms.js';

/** fillExample writes some tasks and a meeting with ordinary edits. */
export function fillExample(replica) {
  const today = dayAfter(null, 0);
  const tasks = [
    ['Put the tools away', 'done', null, 'Ana'],
    ['Order the paint', 'done', null, 'Ben'],
    ['Ask the neighbours', 'doing', dayAfter(today, 1), 'Ana'],
    ['Write the invitation', 'todo', dayAfter(today, 9), null],
    ['Fix the gate', 'todo', dayAfter(today, 5), 'Ben'],
    ['Paint the fence', 'todo', dayAfter(today, 3), 'Ana'],
  ];
  for (const [title, status, due, assignee] of tasks) {
    replica.edit('tasks', null, { title, status, ...(due && { due }), ...(assignee && { assignee }) });
  }
  replica.edit('meetings', null, { title: 'Weekly review', host: 'Ana', slot: slotAt('Room A', firstDay(), 13) });
}
