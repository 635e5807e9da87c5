// Notices about edits that are gone and records that were erased.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Element } from './fakes.mjs';

const { Notices } = await import('../static/notices.js');

const slot = { room: 'Room A', start: '2026-03-07T10:00:00Z', end: '2026-03-07T11:00:00Z' };

/** board returns notices with their box and replica, which shows some tasks and can erase one. */
function board(tasks = {}) {
  const erased = new Set();
  const replica = Object.assign(new EventTarget(), {
    device: {}, edited: [], losses: [], tables: { tasks: new Map(Object.entries(tasks)), meetings: new Map() },
    isErased: (table, id) => erased.has(`${table}/${id}`),
    edit: (...edit) => replica.edited.push(edit),
    why: () => null,
    serverNow: () => Date.now(),
  });
  const box = new Element();
  const who = (id) => ({ name: erased.has(`devices/${id}`) ? 'Device' : `${id}’s phone` });
  new Notices(replica, who, box, {});
  return {
    replica,
    tell: (detail) => replica.dispatchEvent(new CustomEvent('notice', { detail })),
    told: () => box.children.map((notice) => notice.textContent),
    again: () => box.children[0].children[0].children[1],
    erase: (table, id) => {
      erased.add(`${table}/${id}`);
      replica.tables[table]?.delete(id);
      replica.dispatchEvent(new CustomEvent('erased', { detail: [{ table, id }] }));
    },
  };
}

const gone = (rolledBack, id = 'a', table = 'tasks') => ({ kind: 'refused', code: 'gone', table, id, fields: Object.keys(rolledBack), rolledBack });
const task = (data, rest) => ({ table: 'tasks', id: 'a', data, waiting: [], ...rest });

test('edits of a record that is gone have one notice, with everything that the user wrote', () => {
  const { tell, told, again, replica } = board();
  const long = 'Paint the fence, and the gate. '.repeat(4);
  tell(gone({ title: { value: long } }));
  assert.match(told()[0], /Your edit to a task came too late, .*the task may have been deleted and removed/);
  tell(gone({ due: { value: '2026-03-06' }, assignee: { deleted: true } }));
  tell(gone({ title: { value: 'Other' } }, 'b'));
  assert.equal(told().length, 2);
  assert.ok(told()[0].includes(`You wrote: title ‘${long}’, due date ‘6 Mar 2026’.`), told()[0]);
  again().dispatchEvent(new Event('click'));
  assert.deepEqual(replica.edited, [['tasks', null, { status: 'todo', title: long, due: '2026-03-06' }]]);
  assert.equal(told().length, 1);
});

test('fields that are gone can be written again, unless they have a value by now', () => {
  for (const [data, offered] of [[{}, true], [{ due: { value: '2026-01-01' } }, false]]) {
    const { tell, told, again, replica } = board({ a: task({ title: { value: 'Red' }, ...data }) });
    tell(gone({ due: { value: '2026-03-06' } }));
    assert.match(told()[0], /Your edit to the due date of “Red” came too late, .* this field may have been emptied.* You wrote: due date ‘6 Mar 2026’/);
    assert.equal(again() !== undefined, offered);
    again()?.dispatchEvent(new Event('click'));
    assert.deepEqual(replica.edited, offered ? [['tasks', 'a', { due: '2026-03-06' }]] : []);
  }
});

test('a new record is offered only if the user wrote enough for it', () => {
  const offer = (values, table) => {
    const { tell, again } = board();
    tell(gone(values, 'a', table));
    return again() !== undefined;
  };
  assert.equal(offer({ due: { value: '2026-03-06' } }, 'tasks'), false);
  assert.equal(offer({ title: { value: 'Paint' } }, 'tasks'), true);
  assert.equal(offer({ title: { value: 'Plan' } }, 'meetings'), false);
  assert.equal(offer({ title: { value: 'Plan' }, slot: { value: slot } }, 'meetings'), true);
});

test('a deletion that is gone is not mentioned; a restored record and a kept conflict are', () => {
  const { tell, told } = board();
  tell(gone({ $deleted: { value: true } }));
  tell(gone({ due: { deleted: true } }));
  assert.deepEqual(told(), []);
  tell(gone({ $deleted: { value: false } }));
  tell(gone({ dismissed: { value: 'x' } }, 'v', 'violations'));
  assert.match(told()[0], /^You restored a task too late/);
  assert.match(told()[1], /the conflict is no longer there/);
});

test('no notice shows anything of an erased record; lost edits of it are mentioned once', () => {
  const { tell, told, erase } = board({ a: task({ title: { value: 'Secret' }, $deleted: { clientId: 'Ben' } }), b: { ...task({ title: { value: 'Blue' } }), id: 'b' } });
  tell({ kind: 'record_deleted', table: 'tasks', id: 'a' });
  tell({ kind: 'edit_lost', table: 'tasks', id: 'b', fields: ['title'], other: { clientId: 'Ben', updatedAt: '2026-03-06T10:00:00.000000Z' } });
  tell(gone({ due: { value: '2026-03-06' } }));
  tell({ ...gone({ title: { value: 'Secret'.repeat(20) } }), code: 'title_too_long' });
  assert.equal(told().filter((text) => text.includes('Secret')).length, 3);
  const once = /^A task was erased on the server\. Your edit to the task is not kept\./;
  erase('tasks', 'a');
  assert.equal(told().length, 2);
  assert.match(told()[0], /Ben’s phone made a later one/);
  assert.match(told()[1], once);
  tell({ kind: 'not_edited', table: 'tasks', id: 'a', detail: 'no', fields: { title: 'Secret' } });
  tell(gone({ title: { value: 'Secret' } }));
  tell({ kind: 'edit_replaced', table: 'tasks', id: 'a', fields: ['title'], other: { clientId: 'Ben', updatedAt: '2026-03-06T10:00:00.000000Z' } });
  assert.equal(told().length, 2);
  assert.match(told()[1], once);
  erase('devices', 'Ben');
  assert.match(told()[1], /Device made a later one/);
  erase('tasks', 'b');
  assert.equal(told().length, 1, 'no edit of this task was lost');
});

test('old notices are removed, those about a lost edit last', () => {
  const { tell, told } = board();
  tell(gone({ title: { value: 'Paint' } }));
  for (let i = 0; i < 100; i++) tell({ kind: 'sent_again', items: 1 });
  assert.equal(told().length, 31);
  assert.match(told()[0], /Paint/);
  for (let i = 0; i < 400; i++) tell(gone({ title: { value: 'Paint' } }, `more${i}`));
  assert.equal(told().length, 330);
});
