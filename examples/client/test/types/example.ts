// An application with types. The compiler must accept it, and refuse each line after @ts-expect-error.

import { Integer, canonical, openReplica, type Notice, type Write } from 'fieldlww';
import { keepInSync } from 'fieldlww/live';
import { join, openRemote, type Refused } from 'fieldlww/remote';
import { pull as chunksOf } from 'fieldlww/requests';
import { openDigest } from 'fieldlww/digest';
import { open } from 'fieldlww/store/indexeddb';
import { open as openFile } from 'fieldlww/store/file';
import { open as openMemory } from 'fieldlww/store/memory';
import { locked } from 'fieldlww/store/lock';
import { openLog, withLog } from 'fieldlww/log';
import { openTab } from 'fieldlww/tabs';
import { openViolations } from 'fieldlww/violations';
import { between, byPosition, lastTurn, respace } from 'fieldlww/order';
import { added, addition, changed, elementsOf, removed, reset, sumOf } from 'fieldlww/fields';
import { openKeyring, sealedFetch, unopened } from 'fieldlww/sealed';

const url = 'https://sync.example';
const { clientId, user, token } = await join({ url, workspace: 'demo' });
const store = await open('tasks');
const replica = openReplica({ id: clientId, user, saved: await store.load() });
const save = () => store.save(replica.takeSaves());
const remote = openRemote({ replica, url, token, save });

replica.edit('tasks', '42', { title: 'Paint the fence', due: undefined, points: new Integer('9007199254740993'), tags: ['a', { b: null }] });
await save();
await remote.sync(AbortSignal.timeout(1000));
await remote.events(undefined, (sequence) => sequence.toFixed());
const live = keepInSync({ remote, signal: AbortSignal.timeout(1000), told: (error) => error?.name === 'Refused' && (error as Refused).code });
live.wake();
await live.ended;

const show = (w: Write | undefined): string => (!w || w.deleted ? '' : canonical(w.value));
show(replica.shown('tasks', '42').get('title'));
for (const [id, data] of replica.records('tasks')) replica.why('tasks', id, [...data.keys()][0] ?? '')?.loser.updatedAt;

function words(n: Notice): string {
  switch (n.kind) {
    case 'refused':
      return `${n.fields.join()} ${n.rolledBack.size} ${n.why ?? n.code}`;
    case 'resync':
      return n.why;
    case 'clock_corrected':
      return n.by.toFixed();
    default:
      return n.kind;
  }
}
replica.takeNotices().map(words);

openDigest().add('tasks', '42', replica.shown('tasks', '42'));
for await (const chunk of chunksOf({ url, token }, '')) chunk.trim();

const pull = replica.beginPull();
await locked('tasks', async () => openReplica({ saved: await store.load() }).pulled(pull, ''));
const log = openLog({ most: 1000, values: (table, field) => table === field });
log.text().trim();
const tab = openTab({ name: 'tasks', store, id: clientId, user, wrap: (shared) => withLog(shared, log), changed: (keys) => keys.map(([table, id]) => table + id), told: (all) => all.map(words) });
const size: number = await tab.act((shared) => shared.shown('tasks', '42').size);
await openRemote({ act: tab.act, url, token }).sync();

const cards = replica.records('cards').sort(byPosition('position'));
const positions = cards.map(([, data]) => show(data.get('position')));
const turn = { client: clientId, n: lastTurn(clientId, positions) + 1 };
replica.edit('cards', 'new', { position: between(positions[0] ?? '', positions[1] ?? '', turn) });
for (const { id, position } of respace(cards.map(([id], i) => ({ id, position: positions[i] ?? '' })), turn)) replica.edit('cards', id, { position });
const article = replica.shown('articles', 'milk');
replica.edit('articles', 'milk', { ...added('tags', 'cold'), ...removed('tags', 'new'), ...addition(article, 'qty', { id: crypto.randomUUID(), n: 2 }) });
replica.edit('articles', 'milk', { ...changed(article, 'tags', [...elementsOf(article, 'tags'), 'daily']), ...reset(article, 'qty') });
sumOf(article, 'qty').toString();
// @ts-expect-error a sum is not a text
sumOf(article, 'qty').trim();

openViolations(replica).map((v) => `${size} ${v.description}`);

const keyring = await openKeyring({ keys: { a: new Uint8Array(32) }, current: 'a', plain: (table, field) => table === field });
const sealed = sealedFetch({ keyring, replica, saved: await store.load(), save: store.save });
await openRemote({ replica, url, save, fetch: sealed }).sync();
unopened(replica.shown('tasks', '42').get('title')?.value).trim();

await (await openFile('tasks.log')).close();
await (await openMemory('')).save([['state', '']]);

// @ts-expect-error: a value is JSON
replica.edit('tasks', '42', { due: new Date() });
// @ts-expect-error: a write is never changed
replica.shown('tasks', '42').get('title')!.value = 1;
// @ts-expect-error: an entry has a text
await store.save([['state', 1]]);
// @ts-expect-error: a record is read-only
replica.shown('tasks', '42').clear();
// @ts-expect-error: this notice names no record
replica.takeNotices().map((n) => n.kind === 'storage_full' && n.table);
// @ts-expect-error: edits are sent only after they are saved
openRemote({ replica, url, token });
// @ts-expect-error: a key is bytes
await openKeyring({ keys: { a: 'secret' }, current: 'a' });
