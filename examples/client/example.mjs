// A to-do list in a terminal: node example.mjs SERVER FILE
//
// A line of text adds a task. An ID and a text change its title, and an ID alone deletes it.

import { createInterface } from 'node:readline';
import { openReplica } from 'fieldlww';
import { keepInSync } from 'fieldlww/live';
import { join, openRemote } from 'fieldlww/remote';
import { open } from 'fieldlww/store/file';

const [url, file] = process.argv.slice(2);
if (!file) {
  console.error('usage: node example.mjs SERVER FILE');
  process.exit(2);
}
const store = await open(file);
const saved = await store.load();

// The first start joins, and needs the server.
const device = JSON.parse(new Map(saved).get('app/device') ?? 'null') ?? await join({ url, workspace: 'demo' });
const keep = (token) => store.save([['app/device', JSON.stringify({ ...device, token })]]);
await keep(device.token);

const replica = openReplica({ id: device.clientId, user: device.user, saved });
const save = () => store.save(replica.takeSaves());
const remote = openRemote({ replica, url, token: device.token, save, renewed: keep });

function show() {
  for (const [table, id] of replica.takeChanged()) if (table === 'tasks') draw(id);
  for (const { kind, id = '', fields = [], code = '' } of replica.takeNotices()) console.log(`! ${kind} ${id} ${fields} ${code}`);
}

function draw(id) {
  const task = replica.shown('tasks', id);
  const text = task.get('$deleted')?.value ? '(deleted)' : task.get('title')?.value;
  console.log(`${id} ${text ?? ''}${replica.waitingFields('tasks', id).length > 0 ? ' …' : ''}`);
}

const end = new AbortController();
const live = keepInSync({
  remote,
  signal: end.signal,
  told: (error) => {
    show();
    console.log(error ? `not in sync: ${error.message}` : 'in sync');
  },
});

for (const [id] of replica.records('tasks')) draw(id);
for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = line.trim().split(' ');
  const isTask = replica.shown('tasks', word).size > 0;
  const id = isTask ? word : crypto.randomUUID().slice(0, 8);
  replica.edit('tasks', id, isTask && rest.length === 0 ? { $deleted: true } : { title: isTask ? rest.join(' ') : line });
  await save();
  show();
  live.wake();
}
end.abort();
await live.ended;
await store.close();
