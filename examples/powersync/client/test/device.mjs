// A device of the tests: a real PowerSync database in memory, with a connector to the server that the Go test runs.

process.type = 'renderer'; // sql.js in this build of the adapter runs in browsers only, and takes Node.js for one

const { SQLJSOpenFactory } = await import('@powersync/adapter-sql-js');
const { Schema, Table, column } = await import('@powersync/common');
const { PowerSyncDatabase } = await import('@powersync/node');
import { after } from 'node:test';
import { Connector } from '../connector.mjs';
import { Stamps, stampTables } from '../stamps.mjs';

const schema = new Schema({
  tasks: new Table(
    { title: column.text, done: column.integer, points: column.real, tags: column.text, bytes: column.text, stamps: column.text },
    { trackMetadata: true, trackPrevious: { onlyWhenChanged: true }, ignoreEmptyUpdates: true },
  ),
  ...stampTables({ Table, column }),
});

const noLog = new Proxy({}, { get: () => () => {} });

/** server returns the functions of one server of the Go test. */
export function server(name) {
  const at = (path) => `${process.env.FIELDLWW_URL}/${name}/${path}`;
  return {
    url: at('api/data'),
    requests: async () => (await fetch(at('requests'))).json(), // how many uploads there were
    rows: async () => (await fetch(at('rows'))).json(),
    next: (...faults) => fetch(at('next'), { method: 'POST', body: JSON.stringify(faults) }),
  };
}

let devices = 0;

/** device opens a device. now returns its clock, in milliseconds. */
export async function device(server, { now = Date.now, most } = {}) {
  const clientId = `00000000-0000-4000-8000-${String(++devices).padStart(12, '0')}`;
  const db = new PowerSyncDatabase({ schema, factory: new SQLJSOpenFactory({ dbFilename: 'test.db' }), logger: noLog });
  await db.init();
  after(() => db.close());
  const notices = [];
  const stamps = new Stamps(db, { clientId, wall: () => now() });
  const connector = new Connector({ url: server.url, token: async () => clientId, stamps, most, onNotice: (n) => notices.push(n) });
  connector.fetchCredentials = async () => ({ endpoint: `${server.url}/no-service`, token: '' });
  return {
    db, stamps, notices, clientId,
    upload: () => connector.uploadData(db),
    connect: () => void db.connect(connector, { crudUploadThrottleMs: 10, retryDelayMs: 100 }).catch(() => {}),
    waiting: async () => (await db.getAll('SELECT id FROM ps_crud')).length,
    row: (id) => db.getOptional('SELECT * FROM tasks WHERE id = ?', [id]),
    download: () => download(db, server),
  };
}

/** download takes the place of the PowerSync Service: it replaces all rows by the rows of the server. */
async function download(db, server) {
  const rows = await server.rows();
  await db.writeTransaction(async (tx) => {
    await tx.execute('DELETE FROM ps_data__tasks');
    for (const row of rows) await tx.execute('INSERT INTO ps_data__tasks (id, data) VALUES (?, ?)', [row.id, JSON.stringify(row)]);
  });
}
