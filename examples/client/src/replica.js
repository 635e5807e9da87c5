// A Replica is one client's copy of the data: the state that the server has confirmed, an outbox of edits that it
// has not answered yet, and a clock. It knows nothing of HTTP, browsers or databases; see remote.js and store.

import { parseClient, timeOf } from './time.js';
import { NONE } from './record.js';
import { find, shown, takeChanged, waitingFields } from './held.js';
import { batch, count, encodeItem, newQueues, waiting } from './outbox.js';
import { edit } from './edit.js';
import { answer } from './answer.js';
import { beginPull, pulled } from './pull.js';
import { forgetOffset, hear, now } from './clock.js';
import { takeNotices } from './notice.js';
import { explained } from './why.js';
import { entriesOf, takeSaves } from './saves.js';
import { load } from './load.js';

/**
 * openReplica returns a Replica with what was saved.
 * @param {object} options
 * @param {string} options.id the client that the Replica writes as. If another client saved the entries, only its
 *   waiting edits are kept, with new stamps. Without an ID, the Replica cannot edit.
 * @param {string} [options.user] the user of the client. Entries of another user are refused, for the reason "user".
 * @param {() => number} [options.wall] reads the device's clock, in milliseconds; Date.now if it is left out
 * @param {Iterable<[string, string]>} [options.saved] all entries that were saved
 */
export function openReplica({ id = '', user = '', wall = Date.now, saved = [] }) {
  const r = {
    id: id && parseClient(id), user, wall, savedAs: '',
    offset: 0, last: '', server: '', heard: 0, asked: -Infinity, mark: '', ahead: new Set(), floor: '',
    tables: new Map(), queues: newQueues(), lastNumber: 0, sending: [], aside: new Set(), tentative: true, overlaid: new Set(), answered: 0,
    cursor: '', chunked: false, buckets: null, settled: false, loading: false, resets: 0, divided: false, ended: 0,
    fence: '', level: 0, shared: new Map(),
    touched: [], staleRecords: [], stateStale: false, notices: [], idTold: false, full: false,
    entries: { outbox: entriesOf('outbox/'), accepted: entriesOf('accepted/'), again: entriesOf('again/') },
  };
  load(r, saved);
  return publicOf(r);
}

function publicOf(r) {
  return {
    get id() { return r.id; },
    get cursor() { return r.cursor; },
    get settled() { return r.settled; },
    get buckets() { return r.buckets || ['']; },
    get offset() { return r.offset; },
    get waiting() { return count(r); },

    edit: (table, id, fields, seen) => edit(r, { table, id, fields, seen }),
    shown: (table, id) => recordOf(r, table, id),
    records: (table) => recordsOf(r, table),
    why: (table, id, field) => whyOf(r, { table, id, field }),
    waitingFields: (table, id) => (find(r, table, id) ? waitingFields(find(r, table, id)) : []),
    outbox: () => waiting(r).map((it) => encodeItem(it)),

    batch: (items = Infinity, bytes = Infinity) => ({ text: batch(r, items, bytes), count: r.sending.length }),
    answer: (text) => answer(r, text),
    beginPull: () => beginPull(r),
    pulled: (pull, lines) => pulled(r, pull, lines),
    serverTime: (time, took) => hear(r, time, took),
    now: () => now(r),
    time: () => timeOf(now(r)),
    forgetOffset: () => forgetOffset(r),

    takeSaves: () => takeSaves(r),
    takeChanged: () => takeChanged(r),
    takeNotices: () => takeNotices(r),
  };
}

function recordOf(r, table, id) {
  const h = find(r, table, id);
  return h ? shown(r, h) : NONE;
}

function recordsOf(r, table) {
  const held = r.tables.get(table) || new Map();
  return [...held.keys()].sort().map((id) => [id, shown(r, held.get(id))]).filter(([, record]) => record.size > 0);
}

function whyOf(r, { table, id, field }) {
  const h = find(r, table, id);
  return h && h.whys.has(field) ? explained(h.whys.get(field)) : null;
}
