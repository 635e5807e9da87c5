// Replica: the state that it keeps after failures.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Program, device, memory } from './fakes.mjs';

const { Replica } = await import('../static/replica.js');

/** opened opens a replica as the page does, with a fake program. */
async function opened(storage) {
  const program = new Program();
  return { program, replica: await Replica.open('left', storage, async () => program.functions) };
}

const joined = '{"clientId":"c","token":"t","skew":0,"online":true}';

test('a damaged record is pulled again, and waiting edits are kept', async () => {
  const storage = memory({ device: joined, 'outbox/a': 'a', 'outbox/b': '{', 'record/tasks\0x': '{', state: '{}', 'why/tasks\0x': '[]' });
  const { program, replica } = await opened(storage);
  assert.equal(replica.joined, true);
  assert.deepEqual(program.outbox, ['a']);
  assert.equal(replica.waiting, 1);
  assert.deepEqual(replica.damaged, { kind: 'damaged', lost: 1 });
  await replica.saved();
  assert.deepEqual([...storage.disk.keys()], ['device', 'outbox/a']);
});

test('a device with a damaged identity joins again with its saved state', async () => {
  const { program, replica } = await opened(memory({ device: '{', 'outbox/a': 'a', 'record/tasks\0x': '{}' }));
  assert.equal(replica.joined, false);
  assert.equal(replica.damaged.lost, 0);
  await replica.become({ clientId: 'new', token: 'new' });
  assert.deepEqual([program.clientId, program.outbox, program.records.length], ['new', ['a'], 1]);
});

test('an undamaged state opens without a notice', async () => {
  const { program, replica } = await opened(memory({ device: joined, 'outbox/a': 'a', 'record/tasks\0x': '{}', state: '{}' }));
  assert.equal(replica.damaged, null);
  assert.equal(program.records.length, 1);
});

test('a program that cannot open any state loses no state', async () => {
  const storage = memory({ device: joined, 'outbox/a': 'a', state: '{}' });
  const program = new Program();
  program.functions.open = () => { throw new Error('client ID'); };
  const replica = new Replica('left', program.functions, storage);
  await assert.rejects(replica.become({ clientId: '?', token: 't' }), /client ID/);
  await replica.saved();
  assert.deepEqual([...storage.disk.keys()], ['device', 'outbox/a', 'state']);
});

test('a device takes a new client ID only once its replica has been opened with that ID', async () => {
  const storage = memory();
  const { load } = storage;
  storage.load = async () => { throw new Error('UnknownError'); };
  const { replica, program } = device(storage);
  replica.device.token = null;
  await assert.rejects(replica.become({ clientId: 'new', token: 'new' }));
  assert.equal(replica.joined, false);
  assert.equal(replica.device.clientId, 'old');
  storage.load = load;
  await replica.become({ clientId: 'new', token: 'new' });
  assert.equal(replica.joined, true);
  assert.equal(program.clientId, 'new');
});

test('a device that cannot leave stays as it is', async () => {
  const storage = memory({ 'outbox/a': 'a', state: '{}' });
  storage.load = async () => { throw new Error('UnknownError'); };
  const { replica } = device(storage);
  await assert.rejects(replica.leave());
  assert.equal(replica.device.token, 'old');
  assert.deepEqual([...storage.disk.keys()], ['outbox/a', 'state']);
});

test('a device that leaves keeps what a reset has set aside, for the case that the server is restored', async () => {
  const storage = memory({ device: joined, 'again/a': '{"data":{},"tentative":true}', 'record/tasks\0x': '{}', state: '{}' });
  const { replica } = await opened(storage);
  await replica.leave();
  await replica.saved();
  assert.deepEqual([...storage.disk.keys()], ['device', 'again/a']);
});

test('a reset device keeps nothing of its former state', async () => {
  const { program, replica } = await opened(memory({ device: joined, 'outbox/a': 'a', 'record/tasks\0x': '{}', state: '{"cursor":"41"}' }));
  replica.setSkew(0);
  assert.equal(replica.cursor, '41');
  await replica.forget();
  assert.deepEqual([program.outbox, program.records, replica.waiting, replica.cursor], [[], [], 0, '']);
  replica.setSkew(60_000); // this stores an entry, but must not store the old state
  await replica.become({ clientId: 'new', token: 'new' });
  assert.equal(replica.cursor, '', 'the old cursor was stored, so the older records would never be pulled');
  assert.deepEqual([program.clientId, program.outbox, replica.device.skew], ['new', [], 60_000]);
});

test('edits during a reset are forgotten with the rest', async () => {
  const storage = memory({ device: joined, state: '{"cursor":"41"}' });
  const { replica } = await opened(storage);
  storage.clear = async () => {
    storage.disk.clear();
    replica.edit('tasks', 'a', {});
    replica.setSkew(60_000);
  };
  await replica.forget();
  await replica.saved();
  assert.deepEqual([...storage.disk.keys()], ['device']);
  assert.equal(JSON.parse(storage.disk.get('device')).skew, 60_000);
});

test('a device that cannot be reset stays as it is', async () => {
  const storage = memory({ device: joined, 'outbox/a': 'a' });
  storage.clear = async () => { throw new Error('UnknownError'); };
  const { replica } = await opened(storage);
  await assert.rejects(replica.forget(), /UnknownError/);
  assert.equal(replica.joined, true);
  replica.edit('tasks', 'b', {});
  await replica.saved();
  assert.deepEqual([...storage.disk.keys()], ['device', 'outbox/a', 'outbox/b']);
});

test('edits are impossible while the state is read again', async () => {
  const { replica } = device();
  const notices = [];
  replica.addEventListener('notice', ({ detail }) => notices.push(detail.kind));
  const left = replica.leave();
  replica.edit('tasks', 'a', {});
  await left;
  assert.deepEqual(notices, ['not_edited']);
  assert.equal(replica.waiting, 0);
});

test('saving to a closed database rejects instead of throwing', async () => {
  const { Storage } = await import('../static/storage.js');
  const storage = new Storage({ transaction() { throw new Error('closing'); } });
  await assert.rejects(storage.save(new Map()), /closing/);
});

test('an edit counts as unsaved until it is on disk, and still does after a failure', async () => {
  const storage = memory();
  const { replica } = device(storage);
  assert.equal(replica.unsaved, false);
  replica.edit('tasks', 'a', {});
  assert.equal(replica.unsaved, true);
  await replica.saved();
  assert.equal(replica.unsaved, false);
  storage.save = async () => { throw new Error('QuotaExceededError'); };
  replica.edit('tasks', 'b', {});
  await assert.rejects(replica.saved());
  assert.equal(replica.unsaved, true);
});

test('of an erased record, only the fact that it was erased is kept, even if it describes this device', async () => {
  const { program, replica, storage } = device(memory({ device: '{}' }));
  const heard = [];
  for (const type of ['erased', 'change', 'notice']) replica.addEventListener(type, ({ detail }) => heard.push([type, detail]));
  const take = program.functions.take;
  const pulls = (...changed) => {
    program.functions.take = () => ({ ...take(), tables: ['tasks'], changed });
    replica.pulled('');
    program.functions.take = take;
  };
  const erased = { $deleted: { value: true }, $erased: { value: true } };
  replica.device.name = 'Secret’s phone';
  replica.setOnline(true); // saves the device
  pulls({ table: 'tasks', id: 'a', data: { title: { value: 'Secret' } } });
  assert.equal(replica.tables.tasks.size, 1);
  heard.length = 0;
  const gone = [{ table: 'tasks', id: 'a', data: erased }, { table: 'devices', id: 'old', data: erased }];
  pulls(...gone);
  assert.deepEqual(heard.map(([type]) => type), ['erased', 'change']);
  assert.deepEqual(heard[0][1], gone);
  pulls(gone[0]);
  assert.equal(heard.filter(([type]) => type === 'erased').length, 1);
  assert.equal(replica.tables.tasks.size, 0);
  assert.equal(replica.isErased('tasks', 'a'), true);
  await replica.saved();
  assert.doesNotMatch(storage.disk.get('device'), /Secret/);

  assert.equal(replica.edit('tasks', 'a', { title: 'Secret' }), false);
  assert.deepEqual(program.outbox, []);
  assert.equal(heard.at(-1)[0], 'notice');
  pulls({ table: 'tasks', id: 'a', data: { title: { value: 'A new life' } } });
  assert.equal(replica.isErased('tasks', 'a'), false);
});

test('a record that has left because it was erased is treated as an erased one', () => {
  const { program, replica } = device();
  const heard = [];
  for (const type of ['erased', 'change', 'notice']) replica.addEventListener(type, ({ detail }) => heard.push([type, detail]));
  const take = program.functions.take;
  replica.tables.tasks.set('a', { table: 'tasks', id: 'a', data: { title: { value: 'Secret' } } });
  program.functions.take = () => ({
    ...take(), tables: ['tasks'], changed: [{ table: 'tasks', id: 'a', data: {} }], notices: ['tasks', 'violations'].map((table) => ({ kind: 'erased', table, id: 'a' })),
  });
  replica.pulled('');
  program.functions.take = take;
  assert.deepEqual(heard.map(([type]) => type), ['erased', 'change'], 'what shows the record must be told first');
  assert.deepEqual(heard[0][1], [{ table: 'tasks', id: 'a' }]);
  assert.equal(replica.tables.tasks.size, 0);
  assert.equal(replica.edit('tasks', 'a', { title: 'Secret' }), false);
});
