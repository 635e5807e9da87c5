// Who may see and change what on the board, and what a user is told when that changes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Element, accepted, device, json, online, until, verdicts } from './fakes.mjs';

const { bucketOf, isPrivate, newProject, projectIn } = await import('../static/buckets.js');
const { Departures } = await import('../static/departures.js');
const { Membership, mayChange, targets } = await import('../static/membership.js');
const { Notices } = await import('../static/notices.js');
const { State } = await import('../static/syncstate.js');
const { said, whereIs } = await import('../static/words.js');

const GARDEN = newProject('garden');
const HOUSE = newProject('house');
const user = (roles, others = []) => ({
  user: 'ana',
  members: [...Object.entries({ '': 'writer', ...roles }).map(([project, role]) => ({ user: 'ana', bucket: bucketOf(project), role })), ...others],
});
const task = (id, project, rest) => ({ table: 'tasks', id, deleted: false, waiting: [], data: project === undefined ? {} : { project: { value: project } }, ...rest });
const named = (id, name) => ({ table: 'projects', id, data: { name: { value: name } }, waiting: [] });

/** board returns a replica of a user with tasks and named projects. */
function board(roles, { tasks = [], projects = [] } = {}) {
  const by = (views) => new Map(views.map((v) => [v.id, v]));
  return Object.assign(new EventTarget(), {
    joined: true, device: {}, membership: new Membership(roles ? user(roles) : undefined), isErased: () => false, losses: [],
    tables: { tasks: by(tasks), projects: by(projects), meetings: new Map(), devices: new Map() },
  });
}

test('the bucket of a project is the bucket that the server uses', () => {
  assert.equal(bucketOf(GARDEN), 'project/private-garden');
  assert.equal(projectIn(bucketOf(GARDEN)), GARDEN);
  for (const other of [undefined, null, '', 'garden', 7, ['private-garden'], 'Private-garden']) {
    assert.equal(bucketOf(other), '');
    assert.equal(isPrivate(other), false);
  }
});

test('writers and owners may change a task, readers and others may not', () => {
  for (const [role, may] of [['reader', false], ['writer', true], ['owner', true], ['guest', false], [undefined, false]]) {
    const replica = board(role ? { [GARDEN]: role } : {});
    assert.equal(mayChange(replica, task('a', GARDEN)), may, role);
    assert.equal(mayChange(replica, task('a')), true);
  }
  assert.equal(mayChange(board({ '': 'reader' }), task('a')), false);
});

test('a device that has not asked the server yet may write for everyone only', () => {
  const replica = board(null);
  assert.equal(replica.membership.known, false);
  assert.equal(mayChange(replica, task('a')), true);
  assert.equal(mayChange(replica, task('a', GARDEN)), false);
});

test('a task can be put where its user may write, and the list has its present project', () => {
  const projects = [named(GARDEN, 'Garden'), named(HOUSE, 'A house')];
  const both = board({ [GARDEN]: 'writer', [HOUSE]: 'owner' }, { projects });
  const all = [['', 'Everyone'], [HOUSE, 'A house'], [GARDEN, 'Garden']];
  assert.deepEqual(targets(both, ''), all);
  assert.deepEqual(targets(both, 'shed'), [...all, ['shed', 'shed']]);
  const reader = board({ [GARDEN]: 'reader' }, { projects });
  assert.deepEqual(targets(reader, ''), [['', 'Everyone']]);
  assert.deepEqual(targets(reader, GARDEN), [['', 'Everyone'], [GARDEN, 'Garden']]);
  assert.deepEqual(targets(board({ '': 'reader' }), ''), [['', 'Everyone']]);
  assert.deepEqual(targets(board({ '': 'reader', [GARDEN]: 'writer' }, { projects }), GARDEN), [[GARDEN, 'Garden']]);
  assert.deepEqual(targets(board({}), HOUSE), [['', 'Everyone'], [HOUSE, 'Project without a name']]);
});

test('a device keeps the members of its projects, and not the other users of the workspace', () => {
  const others = [{ user: 'ben', bucket: '', role: 'writer' }, { user: 'ben', bucket: bucketOf(GARDEN), role: 'reader' }];
  const told = new Membership(user({ [GARDEN]: 'owner' }, others));
  assert.deepEqual(told.everyone, ['ana', 'ben']);
  assert.equal(told.roleIn(GARDEN), 'owner');
  const kept = new Membership(JSON.parse(JSON.stringify(told.saved)));
  assert.deepEqual(kept.everyone, ['ana']);
  assert.deepEqual(kept.membersOf(GARDEN), told.membersOf(GARDEN));
  assert.deepEqual(kept.roles, told.roles);
  assert.equal(new Membership(JSON.parse(JSON.stringify(new Membership().saved))).known, false);
});

test('the project of a task is told in words, not as an ID', () => {
  assert.equal(said('project', { value: GARDEN }), 'that it is in a private project');
  assert.equal(said('project', { deleted: true }), 'that it is for everyone');
  assert.equal(whereIs({ value: 'shed' }), 'for everyone');
});

/** watch returns what a user is told when a board changes. */
function watch(replica) {
  const told = [];
  const departures = new Departures(replica, (notice) => told.push(notice));
  return { told, departures, now: (change) => {
    change(replica);
    departures.look();
    return told.splice(0);
  } };
}

test('a task that leaves is told, unless the user, a deletion or an erasure has removed it', () => {
  const tasks = [task('a'), task('b', GARDEN), task('c'), task('d', undefined, { deleted: true }), task('e', undefined, { waiting: ['title'] })];
  const replica = board({ [GARDEN]: 'reader' }, { tasks });
  const { now } = watch(replica);
  assert.deepEqual(now(() => {}), []);
  assert.deepEqual(now(() => replica.tables.tasks.set('a', task('a', undefined, { deleted: true }))), []);
  assert.deepEqual(now(() => replica.tables.tasks.delete('d')), [], 'a deleted task that is purged is not moved');
  assert.deepEqual(now(() => replica.tables.tasks.delete('e')), [], 'the answer to the waiting edit tells it');
  replica.isErased = (_, id) => id === 'c';
  assert.deepEqual(now(() => replica.tables.tasks.delete('c')), []);
  assert.deepEqual(now(() => replica.tables.tasks.delete('b')), [{ kind: 'tasks_left', items: 1 }]);
  assert.deepEqual(now(() => {}), [], 'it is told once');
});

test('a project that the user has left is told by its name, and its tasks are not told again', () => {
  const replica = board({ [GARDEN]: 'writer' }, { tasks: [task('a', GARDEN), task('b')], projects: [named(GARDEN, 'Garden')] });
  const { now } = watch(replica);
  assert.deepEqual(now(() => {
    replica.tables.tasks.delete('a');
    replica.tables.projects.delete(GARDEN);
    replica.membership = new Membership(user({}));
  }), [{ kind: 'project_left', name: 'Garden', role: undefined }]);
});

test('a new project and a new role are told, and not what the user does here', async () => {
  const replica = board({}, { projects: [named(GARDEN, 'Garden')] });
  const { now, departures, told } = watch(replica);
  const become = (roles) => (replica.membership = new Membership(user(roles)));
  assert.deepEqual(now(() => become({ [GARDEN]: 'reader' })), [{ kind: 'project_joined', name: 'Garden', role: 'reader' }]);
  assert.deepEqual(now(() => become({ [GARDEN]: 'owner' })), [{ kind: 'role_changed', name: 'Garden', role: 'owner' }]);
  await departures.own(HOUSE, async () => {
    become({ [GARDEN]: 'owner', [HOUSE]: 'owner' });
    departures.look(); // because the stream of events was faster than the answer
  });
  departures.look();
  await assert.rejects(departures.own(HOUSE, async () => { throw new Error('no'); }));
  await departures.own(GARDEN, async () => become({ [HOUSE]: 'owner' }));
  departures.look();
  assert.deepEqual(told, []);
  assert.deepEqual(now(() => become({})).map((n) => n.kind), ['project_left'], 'a failed request hides later changes');
});

test('a user who opens the board for the first time is told nothing', () => {
  const { now, departures } = watch(board(null));
  assert.deepEqual(now((replica) => (replica.membership = new Membership(user({ [GARDEN]: 'owner' })))), []);
  departures.forget();
  assert.deepEqual(now((replica) => (replica.membership = new Membership(user({})))), []);
});

/** notices returns the texts of notices on a board. */
function notices(replica) {
  const box = new Element();
  const shown = new Notices(replica, () => ({ name: 'Ben' }), box, {});
  return { tell: (notice) => shown.tell(notice), told: () => box.children.map((notice) => notice.textContent) };
}

const refused = (code, rolledBack, id = 'a', table = 'tasks') => ({ kind: 'refused', code, table, id, fields: Object.keys(rolledBack), rolledBack });

test('edits of a task that its author may not see any more have one notice, with all that was written', () => {
  const { tell, told } = notices(board({}));
  const long = 'Paint the fence, and the gate. '.repeat(4);
  tell(refused('forbidden', { title: { value: long } }));
  tell(refused('forbidden', { due: { value: '2026-03-06' }, project: { value: GARDEN } }));
  tell(refused('forbidden', { title: { value: 'Other' } }, 'b'));
  assert.equal(told().length, 2);
  assert.match(told()[0], /^What you wrote in a task is not kept: you are no longer in its project, or the task was moved/);
  assert.ok(told()[0].includes(`You wrote: title ‘${long}’, due date ‘6 Mar 2026’.`), told()[0]);
  tell(refused('forbidden', { $deleted: { value: true } }, 'c'));
  assert.match(told()[2], /^Your change of a task is not kept: /);
  tell(refused('forbidden', { name: { value: 'Garden' } }, GARDEN, 'projects'));
  assert.match(told()[3], /^What you wrote in a project is not kept: you are no longer in it\. You wrote: name ‘Garden’/);
});

test('an edit that is refused while its task is still shown says nothing that the next pull makes untrue', () => {
  const shown = task('a', GARDEN, { data: { title: { value: 'Red', updatedAt: '1' } } });
  const { tell, told } = notices(board({}, { tasks: [shown] }));
  tell(refused('forbidden', { title: { value: 'Blue', updatedAt: '2' } }));
  assert.match(told()[0], /^What you wrote in a task is not kept/);
  assert.doesNotMatch(told()[0], /put back/);
});

test('a move into a project of others is put back, with the reason', () => {
  const shown = task('a', undefined, { data: { title: { value: 'Red', updatedAt: '1' } } });
  const { tell, told } = notices(board({}, { tasks: [shown] }));
  tell(refused('forbidden', { project: { value: GARDEN, updatedAt: '2' } }));
  assert.match(told()[0], /refused the project of “Red”: you are not in the project that you chose.* put back as it was\. You wrote that it is in a private project\./);
});

test('a reader’s edit is put back, with the reason', () => {
  const shown = task('a', GARDEN, { data: { title: { value: 'Red', updatedAt: '1' } } });
  const { tell, told } = notices(board({ [GARDEN]: 'reader' }, { tasks: [shown] }));
  tell(refused('read_only', { title: { value: 'Blue', updatedAt: '2' } }));
  assert.match(told()[0], /refused the title of “Red”: you may only read its project\. It was put back as it was\. You wrote ‘Blue’\./);
  tell(refused('read_only', { project: { deleted: true, updatedAt: '2' } }));
  assert.match(told()[1], /you may only read its project, or the one that you chose\. .* You wrote that it is for everyone\./);
  tell(refused('read_only', { title: { value: 'New' }, status: { value: 'todo' }, project: { value: GARDEN } }, 'new'));
  assert.match(told()[2], /refused the new task: you may only read its project\. It was removed\. You wrote ‘New’\./);
});

test('every change of membership is told in words', () => {
  const { tell, told } = notices(board({}));
  for (const role of ['reader', 'writer', 'owner']) {
    tell({ kind: 'project_joined', name: 'Garden', role });
    tell({ kind: 'role_changed', name: 'Garden', role });
  }
  tell({ kind: 'project_left', name: 'Garden' });
  tell({ kind: 'tasks_left', items: 1 });
  tell({ kind: 'tasks_left', items: 2 });
  tell({ kind: 'not_granted', detail: 'only an owner of the project may change who is in it' });
  tell({ kind: 'not_granted', detail: '' });
  assert.deepEqual(told().map((text) => text.replace('×', '')), [
    'You are now in the project “Garden”. You can read its tasks, but not change them.',
    'You can now only read the project “Garden”.',
    'You are now in the project “Garden”. You can change its tasks.',
    'You can now change the tasks of the project “Garden”.',
    'You are now in the project “Garden”. You can change its tasks, and decide who is in it.',
    'You can now change the tasks of the project “Garden”, and decide who is in it.',
    'You are no longer in the project “Garden”, so its tasks are no longer on this device.',
    'A task is no longer on this device: it was moved to a project that you are not in, or erased.',
    '2 tasks are no longer on this device: they were moved to a project that you are not in, or erased.',
    'The membership was not changed: only an owner of the project may change who is in it.',
    'The server did not answer, so it is not known yet whether the membership was changed.',
  ]);
});

/** asking returns a server that counts how often it is asked for the members, and its answers. */
function asking() {
  const server = { asked: 0, changes: [], lines: '{"cursor":"e.1"}\n', roles: {} };
  server.answer = (what, body) => (what === 'push' ? verdicts(body, accepted) : new Response(server.lines));
  server.members = (method, body, path) => {
    if (method === undefined) return server.asked++, json(user(server.roles));
    server.changes.push(method === 'POST' ? JSON.parse(body) : path);
    return json({ code: 'may_not_grant', detail: 'no' }, server.status);
  };
  return server;
}

test('a device asks for its roles when it goes online, and when its buckets or only its roles change', async () => {
  const { replica, program } = device();
  const server = asking();
  const sync = online(replica, server.answer, undefined, server.members);
  const rounds = [];
  sync.addEventListener('fetched', () => rounds.push(server.asked));
  const round = async (begin) => {
    const before = rounds.length;
    begin();
    await until(() => rounds.length > before && sync.state === State.current);
    return rounds.at(-1);
  };
  assert.equal(await round(() => {}), 1);
  assert.equal(await round(() => sync.wake()), 1);
  server.lines = '{"seq":2,"in":[""],"table":"tasks","id":"a","data":{}}\n{"cursor":"e.2"}\n';
  assert.equal(await round(() => sync.hear()), 1, 'a task has changed');
  server.lines = '{"cursor":"e.3"}\n';
  assert.equal(await round(() => sync.hear()), 2, 'only a role has changed');
  assert.equal(await round(() => sync.wake()), 2);
  program.buckets = ['', 'project/private-garden'];
  server.roles = { [GARDEN]: 'reader' };
  assert.equal(await round(() => sync.wake()), 3);
  assert.equal(replica.membership.roleIn(GARDEN), 'reader');
  assert.equal(await round(() => sync.wake()), 3);
  assert.equal(await round(() => sync.refresh()), 4);
  sync.stop();
  assert.equal(await round(() => sync.start()), 5);
  sync.stop();
});

test('news that a failed pull has missed is asked for again', async () => {
  const { replica } = device();
  const server = asking();
  let fails = false;
  const sync = online(replica, (...request) => (fails ? new Response('', { status: 502 }) : server.answer(...request)), undefined, server.members);
  await until(() => sync.state === State.current);
  fails = true;
  sync.hear();
  await until(() => sync.state === State.unreachable);
  assert.equal(sync.reaches, false);
  fails = false;
  sync.wake();
  await until(() => sync.state === State.current);
  assert.equal(server.asked, 2);
  assert.equal(sync.reaches, true);
  sync.stop();
});

test('members are changed only online, and the result is learned at once', async () => {
  const { replica } = device();
  const server = asking();
  const sync = online(replica, server.answer, undefined, server.members);
  await until(() => sync.state === State.current);
  server.status = 200;
  server.roles = { [GARDEN]: 'owner' };
  await sync.changeMember({ user: 'ana', bucket: bucketOf(GARDEN), role: 'owner' });
  assert.equal(replica.membership.roleIn(GARDEN), 'owner');
  await sync.changeMember({ user: 'b&n', bucket: bucketOf(GARDEN), role: '' });
  assert.deepEqual(server.changes, [
    { user: 'ana', bucket: 'project/private-garden', role: 'owner' },
    'v1/members?user=b%26n&bucket=project%2Fprivate-garden',
  ]);
  server.status = 403;
  await assert.rejects(sync.changeMember({ user: 'ben', bucket: bucketOf(GARDEN), role: 'owner' }), /^Refused: no$/);
  sync.stop();
  await assert.rejects(sync.changeMember({ user: 'ben', bucket: bucketOf(GARDEN), role: 'owner' }), /this device is offline/);
  assert.equal(server.changes.length, 3);
});

test('a device keeps its roles while it is offline, and forgets them with everything else', async () => {
  const { replica, storage } = device();
  replica.learn(user({ [GARDEN]: 'reader' }));
  await replica.saved();
  assert.equal(new Membership(JSON.parse(storage.disk.get('device')).membership).roleIn(GARDEN), 'reader');
  await replica.forget();
  await replica.saved();
  assert.equal(replica.membership.known, false);
  assert.doesNotMatch(storage.disk.get('device'), /garden/);
});
