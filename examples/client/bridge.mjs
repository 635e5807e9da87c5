// A client program for the kit of the library, package merge/mergetest: it speaks JSON Lines over standard input and
// output.

import { serve } from './serve.mjs';
import { openReplica } from './src/replica.js';
import { canonical, encodeMembers, parse } from './src/value.js';
import { encodeRecord } from './src/record.js';

/** A Device is a Replica with its storage, as the kit uses it. */
function device(id, wall, stored = new Map()) {
  const replica = openReplica({ id, wall, saved: stored });
  let pull = null;
  const saving = (act) => (members) => {
    const result = act(members);
    replica.takeChanged();
    replica.takeNotices();
    for (const [key, text] of replica.takeSaves()) {
      if (text === '') stored.delete(key);
      else stored.set(key, text);
    }
    return result;
  };
  return {
    edit: saving(({ table, id: name, fields }) => {
      const values = {};
      for (const field of Object.keys(fields)) values[field] = fields[field] === null ? undefined : parse(fields[field]);
      replica.edit(table, name, values);
    }),
    outbox: saving(() => replica.batch().text),
    answer: saving(({ answer }) => replica.answer(answer)),
    cursor: saving(() => {
      pull = replica.beginPull();
      return pull.cursor;
    }),
    pulled: saving(({ lines, next }) => replica.pulled(pull || replica.beginPull(), chunk(lines, next, replica.cursor))),
    shown: ({ table, id: name }) => {
      const data = replica.shown(table, name);
      return data.size > 0 ? `{"table":${canonical(table)},"id":${canonical(name)},"data":${encodeRecord(data)}}` : '';
    },
    reopen: () => device(id, wall, stored),
  };
}

// The last line of a page is a trailer, or the page gets one.
function chunk(lines, next, before) {
  const text = lines.trim();
  const last = text.slice(text.lastIndexOf('\n') + 1);
  const isTrailer = last.includes('"cursor"') && typeof JSON.parse(last).cursor === 'string' && !JSON.parse(last).table;
  const end = { cursor: next, more: next !== before };
  if (!isTrailer) return `${text}\n${JSON.stringify(end)}\n`;
  const trailer = { ...JSON.parse(last), ...end };
  return `${text.slice(0, text.length - last.length)}${encodeMembers(Object.keys(trailer), (name) => JSON.stringify(trailer[name]))}\n`;
}

serve(device);
