// The JavaScript client as a program of the page; program.js has the list of its functions.

import { canonical, openReplica } from '../../../../client/index.js';
import { openLog, withLog } from '../../../../client/log.js';
import { openViolations } from '../../../../client/violations.js';
import { TABLES } from './buckets.js';
import { Fingerprint } from './fingerprint.js';
import { newId } from './id.js';
import { isLost } from './lostrow.js';

const CLOSED = { id: '', saved: [] }; // a Replica without an ID, so that every call finds one

/** javascript returns the functions of a new program. */
export function javascript() {
  let skew = 0;
  let pull = {};
  let print = new Fingerprint();
  let log = openLog();
  let replica;
  const open = (options) => {
    const opened = openReplica({ ...options, wall: () => Date.now() + skew });
    if (replica && opened.id !== replica.id) log = openLog(); // a log belongs to one client
    replica = withLog(opened, log);
    print = new Fingerprint();
  };
  open(CLOSED);
  const viewOf = ([table, id]) => view(replica, table, id);

  return {
    open: (id, saved) => open({ id, saved }),
    close: () => open(CLOSED),
    setSkew(milliseconds) {
      if (milliseconds === skew) return;
      skew = milliseconds;
      replica.forgetOffset();
    },
    newId: () => newId(Date.now()),
    edit(table, id, fields, seen) {
      const values = Object.entries(fields).map(([name, value]) => [name, value ?? undefined]);
      replica.edit(table, id, Object.fromEntries(values), seen);
    },
    beginPull() {
      pull = replica.beginPull();
      return pull.cursor;
    },
    pulled: (lines) => replica.pulled(pull, lines),
    batch: (items, bytes) => replica.batch(items, bytes),
    answer: (text) => replica.answer(text),
    serverTime: (text, took) => replica.serverTime(text, took),
    records: () => TABLES.flatMap((table) => replica.records(table).map(([id]) => viewOf([table, id]))),
    violations: () => openViolations(replica).filter((v) => !isLost(v)),
    lostEdits: () => openViolations(replica).filter(isLost).map((v) => viewOf(['violations', v.id])),
    waiting: () => replica.outbox().map((text) => JSON.parse(text)),
    why: (table, id, field) => replica.why(table, id, field),
    digest: (bucket) => print.of(replica, bucket),
    log: () => log.text(),
    take() {
      const changed = replica.takeChanged();
      print.change(changed);
      return {
        saves: replica.takeSaves(),
        tables: [...new Set(changed.map(([table]) => table))],
        changed: changed.filter(([table]) => TABLES.includes(table)).map(viewOf),
        notices: replica.takeNotices().map((n) => (n.rolledBack ? { ...n, rolledBack: Object.fromEntries(n.rolledBack) } : n)),
        waiting: replica.waiting,
        cursor: replica.cursor,
        buckets: replica.buckets,
        settled: pull.settled === true,
        offset: replica.offset,
      };
    },
  };
}

/**
 * view returns a record as it is shown, with the names of its waiting fields, of the fields whose write replaced a
 * different value that another client wrote, and of those among them whose author had not seen that value.
 */
function view(replica, table, id) {
  const data = replica.shown(table, id);
  const waiting = replica.waitingFields(table, id);
  const why = (name) => replica.why(table, id, name);
  const replaced = [...data.keys()].filter((name) => !waiting.includes(name) && replaces(why(name)));
  const won = replaced.filter((name) => why(name).seen === false);
  return { table, id, deleted: data.get('$deleted')?.value === true, data: Object.fromEntries(data), waiting, replaced, won };
}

const replaces = (why) => why !== null && why.winner.clientId !== why.loser.clientId && (why.unknown || textOf(why.winner) !== textOf(why.loser));
const textOf = (write) => (write.deleted ? '' : canonical(write.value));
