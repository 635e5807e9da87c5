// Columns: many records in one line of a pull. Package record of the Go module describes the form.
const wrong = (reason) => {
  throw Object.assign(new Error(`fieldlww: refused: ${reason}`), { name: 'FieldlwwError', reason });
};

/** isColumns reports whether a parsed line of a pull is a chunk of columns. */
export const isColumns = (line) => Boolean(line) && typeof line === 'object' && line.packed !== undefined;

/**
 * unpack returns the lines that a parsed chunk of columns stands for, or refuses the whole chunk. It checks that
 * the lists fit together. The lines are like parsed lines of records, and names and values must still be checked.
 * @returns {{seq?: number, in?: string[], table: string, id: string, data: object}[]}
 */
export function unpack(chunk) {
  if (chunk.packed !== 1) wrong('version');
  const taken = {}; // how many elements of each list were taken
  const list = (name) => (Array.isArray(chunk[name]) ? chunk[name] : wrong('columns'));
  const take = (name, most) => {
    const i = (taken[name] = (taken[name] || 0) + 1) - 1;
    const n = i < list(name).length ? chunk[name][i] : undefined;
    return Number.isInteger(n) && n < most && (n >= 0 || most === Infinity) ? n : wrong('columns');
  };
  const [names, kinds, clients, ids, values] = ['names', 'kinds', 'clients', 'id', 'values'].map(list);
  const deleted = chunk.deleted === undefined ? [] : list('deleted');
  const next = names.map(() => 0); // the positions in the columns of values
  if (names.some((n) => typeof n !== 'string' || n === '__proto__')) wrong('name');
  let [seq, first, field, marked] = [0, 0, 0, 0]; // field and marked count fields and deleted ones
  const stampsOf = (count) => {
    const stamps = [];
    for (let ms = first; stamps.length < count; ) {
      ms += take('ms', Infinity);
      const counter = chunk.tick ? take('tick', 1e6) : 0;
      if (ms < 0 || ms >= 9223286400000 || ms + counter === 0) wrong('stamp');
      const updatedAt = `${new Date(ms).toISOString().slice(0, 23)}${String(counter).padStart(6, '0')}Z`;
      if (stamps.push({ updatedAt, clientId: clients[take('client', clients.length)] }) === 1) first = ms;
    }
    return stamps;
  };
  const rows = list('kind').map((_, i) => {
    const kind = kinds[take('kind', kinds.length)];
    const [table, fields] = Array.isArray(kind) && Array.isArray(kind[1]) ? kind : wrong('columns');
    const count = take('stamps', fields.length + 1);
    if (count === 0 && fields.length > 0) wrong('columns');
    const [stamps, data] = [stampsOf(count), {}];
    fields.forEach((name, k) => {
      if (!Array.isArray(values[name]) || next[name] >= values[name].length) wrong('columns');
      const value = values[name][next[name]++];
      const s = stamps[count === 1 ? 0 : count === fields.length ? k : take('stamp', count)];
      const isDeleted = deleted[marked] === field++ && (marked++, value === null || wrong('columns'));
      data[names[name]] = isDeleted ? { deleted: true, updatedAt: s.updatedAt, clientId: s.clientId } : { value, updatedAt: s.updatedAt, clientId: s.clientId };
    });
    const row = { table, id: ids[i], data };
    if (chunk.seq && (seq += take('seq', Infinity)) !== 0) row.seq = seq >= 0 && Number.isSafeInteger(seq) ? seq : wrong('columns');
    return chunk.in ? Object.assign(row, { in: chunk.in }) : row;
  });
  const left = ['kind', 'stamps', 'stamp', 'ms', 'tick', 'client', 'seq'].some((name) => (taken[name] || 0) !== (chunk[name] || []).length);
  if (left || rows.length === 0 || ids.length !== rows.length || marked !== deleted.length) wrong('columns');
  return values.length === names.length && values.every((column, i) => column.length === next[i]) ? rows : wrong('columns');
}
