// The rows of lost edits. The server stores them among the violations, each for the device that lost the edit.

const LOST_EDIT = 'lost_edit';

/** isLost reports whether a violation is a row of a lost edit. */
export const isLost = (violation) => violation.rule === LOST_EDIT;

/** isLostEdit reports whether a record of a table, given the Map of its fields, is a row of a lost edit. */
export const isLostEdit = (table, data) => table === 'violations' && data.get('rule')?.value === LOST_EDIT;

/**
 * lossOf returns what the view of a row says: the record and the field, the two stamps, and the losing write. Of a
 * field whose values must not vanish, it also has the write that stood.
 */
export function lossOf({ id, data }) {
  const text = (name) => data[name]?.value;
  const { loser, winner } = { loser: text('loser'), winner: text('winner') };
  const write = (stamp, held) => ({ ...stamp, value: held?.value, deleted: held?.deleted === true });
  const kept = text('keep') === true;
  return {
    id, table: text('table'), record: text('recordId'), field: text('field'), kept,
    losing: write(loser, data.losing), winning: kept ? write(winner, data.winning) : winner,
  };
}
