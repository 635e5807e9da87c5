// How many edits one move makes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import './fakes.mjs';

const { Moves } = await import('../static/moves.js');
const { ordered } = await import('../static/positions.js');

/** up moves a task of one column up, and returns the edits and what the user is told instead. */
function up(count, from) {
  const id = (i) => String(i).padStart(4, '0');
  const tasks = new Map(Array.from({ length: count }, (_, i) => [id(i), { table: 'tasks', id: id(i), data: {} }]));
  const [edits, told] = [[], []];
  const card = { dataset: { id: id(count - 1 - from) } };
  const replica = {
    device: { clientId: '11111111-2222-4333-8444-555555555555' }, tables: { tasks, projects: new Map() }, membership: { mayWrite: () => true },
    edit: (table, task) => edits.push(task) && task !== card.dataset.id, // nothing is drawn after an edit that fails
    tellNotEdited: (detail) => told.push(detail),
  };
  const list = { contains: () => true, getAttribute: () => 'To do' };
  const moves = new Moves({ replica, columns: [{ status: 'todo', list, limit: count }], tasks: () => ordered([...tasks.values()]), part: { board: { after() {} } }, draw() {} });
  moves.keydown({ key: 'ArrowUp', preventDefault() {}, target: { closest: () => card } });
  return { edits: edits.length, told };
}

test('a move that would change the places of too many other tasks is not made', () => {
  assert.deepEqual(up(1200, 1001), { edits: 1001, told: [] });
  assert.deepEqual(up(1200, 1002), { edits: 0, told: ['more than 1000 other tasks would need a new place'] });
});
