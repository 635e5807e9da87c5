// Columns: many records in one line of a pull. Package record of the Go module describes the form.
import { isCount, refuse } from './text.js';
import { textOf } from './time.js';
import { deletion } from './write.js';

/** isColumns reports whether a parsed line of a pull is a chunk of columns. */
export const isColumns = (line) => Boolean(line) && line.packed !== undefined;

/**
 * unpack returns the lines that a parsed chunk of columns stands for, or refuses the whole chunk. It checks that
 * the lists fit together. The lines are like parsed lines of records, and names and values must still be checked.
 * @returns {{seq?: number, in?: string[], table: string, id: string, data: object}[]}
 */
export function unpack(chunk) {
  if (chunk.packed !== 1) refuse('version');
  const list = (name) => (Array.isArray(chunk[name]) ? chunk[name] : refuse('columns'));
  const column = (name) => ({ numbers: chunk[name] === undefined ? [] : list(name), taken: 0 });
  const take = (from, most) => {
    const n = from.taken < from.numbers.length ? from.numbers[from.taken++] : undefined;
    return Number.isInteger(n) && n < most && (n >= 0 || most === Infinity) ? n : refuse('columns');
  };
  const [names, kinds, clients, ids, values] = ['names', 'kinds', 'clients', 'id', 'values'].map(list);
  const columns = ['kind', 'stamps', 'stamp', 'ms', 'tick', 'client', 'seq'].map(column);
  const [kindOf, stampsOf, stampOf, msOf, tickOf, clientOf, seqOf] = columns;
  const deleted = chunk.deleted === undefined ? [] : list('deleted');
  const next = names.map(() => 0); // the positions in the columns of values
  if (names.some((n) => typeof n !== 'string' || n === '__proto__')) refuse('name');
  let [seq, first, field, marked] = [0, 0, 0, 0]; // field and marked count fields and deleted ones
  const stampAfter = (before) => {
    const ms = before + take(msOf, Infinity);
    const counter = chunk.tick ? take(tickOf, 1e6) : 0;
    if (ms < 0 || ms >= 9223286400000 || ms + counter === 0) refuse('stamp');
    return { ms, updatedAt: textOf(ms, counter), clientId: clients[take(clientOf, clients.length)] };
  };
  const rows = list('kind').map((_, i) => {
    const kind = kinds[take(kindOf, kinds.length)];
    const [table, fields] = Array.isArray(kind) && Array.isArray(kind[1]) ? kind : refuse('columns');
    const count = take(stampsOf, fields.length + 1);
    if (count === 0 && fields.length > 0) refuse('columns');
    const [stamps, data] = [[], {}];
    while (stamps.length < count) stamps.push(stampAfter(stamps.length === 0 ? first : stamps[stamps.length - 1].ms));
    if (count > 0) first = stamps[0].ms;
    for (let k = 0; k < fields.length; k++) {
      const name = fields[k];
      if (!Array.isArray(values[name]) || next[name] >= values[name].length) refuse('columns');
      const value = values[name][next[name]++];
      const { updatedAt, clientId } = stamps[count === 1 ? 0 : count === fields.length ? k : take(stampOf, count)];
      const isDeleted = deleted[marked] === field++ && (marked++, value === null || refuse('columns'));
      data[names[name]] = isDeleted ? deletion(updatedAt, clientId) : { value, updatedAt, clientId };
    }
    const row = { table, id: ids[i], data };
    if (chunk.seq && (seq += take(seqOf, Infinity)) !== 0) row.seq = isCount(seq) ? seq : refuse('columns');
    return chunk.in ? Object.assign(row, { in: chunk.in }) : row;
  });
  const left = columns.some(({ numbers, taken }) => taken !== numbers.length);
  if (left || rows.length === 0 || ids.length !== rows.length || marked !== deleted.length) refuse('columns');
  return values.length === names.length && values.every((column, i) => column.length === next[i]) ? rows : refuse('columns');
}
