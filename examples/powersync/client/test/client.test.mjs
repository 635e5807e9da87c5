// The connector and the stamps with the real PowerSync SDK as the client. The Go test TestPowerSyncClient runs this file.

import assert from 'node:assert/strict';
import test from 'node:test';
import { device, server } from './device.mjs';
import { msOf, timeIn } from '../time.mjs';

/** until waits for a condition. */
async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** only returns the columns of a row that it names. */
const only = (row, names) => Object.fromEntries(names.map((name) => [name, row?.[name]]));

test('writes made offline arrive with their types', async () => {
  const s = server('types');
  const a = await device(s);
  await a.stamps.insert('tasks', '1', { title: 'Fence', done: true, points: 2.5, tags: '["red",{"a":9007199254740993}]', bytes: '9007199254740993' });
  await a.stamps.insert('tasks', '2', { title: 'Roof' });
  await a.stamps.insert('tasks', '3', { title: 'Path', tags: null });
  await a.stamps.update('tasks', '1', { title: null, done: false });
  await a.stamps.update('tasks', '1', { done: false }); // changes nothing
  await a.stamps.remove('tasks', '2');
  assert.equal(await a.waiting(), 5);
  await a.upload();
  assert.equal(await a.waiting(), 0);
  const [row, path, ...others] = await s.rows();
  assert.deepEqual(others, []);
  assert.deepEqual(only(row, ['title', 'done', 'points', 'bytes', 'tags']), {
    title: null, done: 0, points: 2.5, bytes: '9007199254740993', tags: '["red",{"a":9007199254740993}]',
  });
  // The device expected these stamps.
  for (const r of [row, path]) assert.deepEqual(JSON.parse(r.stamps), JSON.parse((await a.row(r.id)).stamps));
  assert.deepEqual(a.notices, []);
});

test('a queue of more transactions than a request holds is uploaded in parts', async () => {
  const s = server('parts');
  const a = await device(s, { most: 2 });
  for (const id of ['1', '2', '3']) await a.stamps.insert('tasks', id, { title: id });
  await a.upload();
  assert.equal(await a.waiting(), 1);
  await a.upload();
  assert.equal((await s.rows()).length, 3);
});

test('an invalid write does not block the queue', async () => {
  const s = server('invalid');
  const a = await device(s);
  await a.stamps.insert('tasks', '1', { title: 'before' });
  await a.stamps.transaction(async (edit) => {
    await edit.insert('tasks', '2', { title: 'next to it' });
    await edit.update('tasks', '1', { tags: '[' }); // not JSON
  });
  await a.stamps.insert('tasks', 'secret', { title: 'forbidden by the guard' });
  await a.db.execute('UPDATE tasks SET title = ? WHERE id = ?', ['without a stamp', '1']);
  await a.db.execute('DELETE FROM tasks WHERE id = ?', ['2']); // cannot have a stamp
  await a.stamps.insert('tasks', '3', { title: 'after' });
  await a.upload();
  assert.equal(await a.waiting(), 0);
  assert.deepEqual((await s.rows()).map(({ id, title }) => [id, title]), [['1', 'before'], ['2', 'next to it'], ['3', 'after']]);
  assert.deepEqual(a.notices.map(({ code, id, dropped, path }) => [code, id, dropped, path]), [
    ['invalid', '1', true, 'op_data.tags'],
    ['forbidden', 'secret', true, undefined],
    ['unstamped', '1', true, 'metadata'],
    ['unstamped', '2', true, 'metadata'],
  ]);
});

test('the loop of the SDK empties the queue, past invalid writes and a server that is down', async () => {
  const s = server('loop');
  const a = await device(s);
  for (const tags of ['[1]', '[', '[2]', '[[', '[3]']) await a.stamps.insert('tasks', tags, { tags });
  await s.next(503);
  a.connect();
  await until(async () => (await s.requests()) > 0);
  await a.stamps.insert('tasks', 'last', { title: 'x' }); // without a service, the loop tries again at the next write
  await until(async () => (await a.waiting()) === 0);
  assert.deepEqual((await s.rows()).map(({ id }) => id), ['[1]', '[2]', '[3]', 'last']);
  assert.deepEqual(a.notices.map(({ code, id }) => [code, id]), [['invalid', '['], ['invalid', '[[']]);
});

test('a request that is refused as a whole is sent in parts', async () => {
  const s = server('whole');
  const a = await device(s);
  for (const id of ['1', '2', '3']) await a.stamps.insert('tasks', id, { title: id });
  await s.next(413, 0, 413); // the batch, not the first transaction, the second one
  await a.upload();
  assert.equal(await a.waiting(), 0);
  assert.deepEqual((await s.rows()).map(({ id }) => id), ['1', '3']);
  assert.deepEqual(a.notices, [{ code: 'status_413', table: 'tasks', id: '2', dropped: true }]);
});

test('a server that is down is asked again', async () => {
  const s = server('down');
  const a = await device(s);
  await a.stamps.insert('tasks', '1', { title: 'Fence' });
  await s.next(503);
  await assert.rejects(a.upload(), /503/);
  assert.equal(await a.waiting(), 1);
  await a.upload();
  assert.equal(await a.waiting(), 0);
  assert.equal((await s.rows()).length, 1);
});

test('a retry after a lost answer does not win over a later edit', async () => {
  for (const name of ['lost', 'lost-unstamped']) {
    const s = server(name);
    const [a, b] = [await device(s), await device(s)];
    const write = (d, title) => (name === 'lost'
      ? d.stamps.update('tasks', '1', { title })
      : d.db.execute('UPDATE tasks SET title = ? WHERE id = ?', [title, '1']));
    await a.stamps.insert('tasks', '1', { title: 'Fence' });
    await a.upload();
    await a.download();
    await write(a, 'by a');
    await s.next('lost');
    await assert.rejects(a.upload());
    await b.download();
    await write(b, 'by b, who saw it');
    await b.upload();
    await a.upload();
    assert.equal(await a.waiting(), 0, name);
    assert.equal((await s.rows())[0].title, 'by b, who saw it', name);
    assert.deepEqual([...a.notices, ...b.notices], [], name);
  }
});

test('two devices converge, and both fields of two edits stay', async () => {
  const s = server('two');
  const [a, b] = [await device(s), await device(s)];
  await a.stamps.insert('tasks', '1', { title: 'Fence', done: false });
  await a.upload();
  await b.download();
  await a.stamps.update('tasks', '1', { title: 'by a' }); // both are offline
  await b.stamps.update('tasks', '1', { done: true });
  await b.upload();
  await a.upload();
  for (const d of [a, b]) await d.download();
  assert.deepEqual(await a.row('1'), await b.row('1'));
  assert.deepEqual(only(await a.row('1'), ['title', 'done']), { title: 'by a', done: 1 });
  assert.deepEqual([...a.notices, ...b.notices], []);
});

test('the later edit wins in any order of upload, and a lost edit is reported', async () => {
  for (const order of ['first', 'last']) {
    const s = server(`order-${order}`);
    const [a, b] = [await device(s), await device(s)];
    await a.stamps.insert('tasks', '1', { title: 'Fence' });
    await a.upload();
    for (const d of [a, b]) await d.download();
    await a.stamps.update('tasks', '1', { title: 'earlier' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await b.stamps.update('tasks', '1', { title: 'later' });
    const uploads = order === 'first' ? [a, b] : [b, a];
    for (const d of uploads) await d.upload();
    assert.equal((await s.rows())[0].title, 'later');
    assert.deepEqual(uploads[0].notices, []);
    assert.deepEqual(uploads[1].notices.map(({ code, dropped }) => [code, dropped]), [['lost_edit', false]]);
  }
});

test('a device whose clock is behind wins over what it has seen', async () => {
  const s = server('behind');
  const [a, b] = [await device(s), await device(s, { now: () => Date.now() - 3_600_000 })];
  await a.stamps.insert('tasks', '1', { title: 'Fence' });
  await a.upload();
  await b.download();
  await b.stamps.update('tasks', '1', { title: 'by b' });
  await b.upload();
  assert.equal((await s.rows())[0].title, 'by b');
});

test('a clock that is ahead is corrected, and the edits keep their order', async () => {
  const s = server('ahead');
  let ahead = 0;
  const a = await device(s, { now: () => Date.now() + ahead });
  await a.stamps.insert('tasks', '1', { title: '1' });
  await a.upload();
  ahead = 3_600_000;
  await a.stamps.update('tasks', '1', { tags: '[' }); // is refused permanently, so its stamp is never accepted
  for (const title of ['2', '3']) await a.stamps.update('tasks', '1', { title });
  await assert.rejects(a.upload(), /retryable_error/);
  assert.deepEqual(a.notices.map(({ code }) => code), ['invalid']);
  const queue = (await a.db.getCrudBatch()).crud;
  const [two, three] = (await a.stamps.sent(queue)).map((metadata) => JSON.parse(metadata));
  assert.equal(three.base.title, two.stamp);

  await a.stamps.update('tasks', '1', { title: '4' }); // made before the others are sent again
  await a.upload();
  const [row] = await s.rows();
  assert.equal(row.title, '4');
  assert.ok(msOf(timeIn(JSON.parse(row.stamps).title)) < Date.now() + 60_000);
  assert.equal(await a.waiting(), 0);
  assert.equal(a.notices.length, 1);
});

test('a corrected clock does not go back below what the server has accepted', async () => {
  const s = server('accepted');
  let ahead = 240_000; // within the bound
  const a = await device(s, { now: () => Date.now() + ahead });
  await a.stamps.insert('tasks', '1', { title: 'accepted' });
  await a.upload();
  ahead = 3_600_000;
  await a.stamps.insert('tasks', '2', { title: 'refused' });
  await assert.rejects(a.upload(), /retryable_error/);
  await a.upload();
  const [first, second] = (await s.rows()).map((row) => timeIn(JSON.parse(row.stamps).title));
  assert.ok(first < second);
});

test('a row without stamps gets no base', async () => {
  const a = await device(server('unknown'));
  await a.db.execute('INSERT INTO ps_data__tasks (id, data) VALUES (?, ?)', ['1', '{"title":"imported"}']);
  await a.stamps.update('tasks', '1', { title: 'x' });
  await a.stamps.update('tasks', '1', { done: true });
  for (const { metadata } of (await a.db.getCrudBatch()).crud) assert.deepEqual(Object.keys(JSON.parse(metadata)), ['stamp']);
  await a.upload();
  assert.equal(await a.waiting(), 0);
});

test('entries without a stamp apply in the order of their arrival', async () => {
  const s = server('unstamped');
  const [a, b] = [await device(s), await device(s)];
  await a.db.execute('INSERT INTO tasks (id, title, done) VALUES (?, ?, ?)', ['1', 'Fence', 1]);
  await a.upload();
  await b.download();
  await a.db.execute('UPDATE tasks SET title = ? WHERE id = ?', ['first, and uploaded last', '1']);
  await b.db.execute('UPDATE tasks SET title = ? WHERE id = ?', ['second', '1']);
  await b.upload();
  await a.upload();
  assert.equal((await s.rows())[0].title, 'first, and uploaded last');
  await a.db.execute('DELETE FROM tasks WHERE id = ?', ['1']);
  await a.db.execute('INSERT INTO tasks (id, title) VALUES (?, ?)', ['1', 'again']);
  await a.upload();
  assert.deepEqual(only((await s.rows())[0], ['title', 'done']), { title: 'again', done: null });
});

test('transaction IDs rise after a logout', async () => {
  const a = await device(server('logout'));
  const next = async () => {
    await a.db.execute('INSERT INTO tasks (id, title) VALUES (uuid(), ?)', ['x']);
    return (await a.db.getNextCrudTransaction()).transactionId;
  };
  const before = await next();
  await a.db.disconnectAndClear();
  assert.ok((await next()) > before);
});
