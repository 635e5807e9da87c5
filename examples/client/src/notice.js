// Notices: what to tell the user.

import { find } from './held.js';
import { compareStamps } from './write.js';

const MOST = 1000; // notices that are kept, and characters of a detail

/** notice adds a notice; see Notice in index.d.ts for the kinds. */
export function notice(r, n) {
  if (r.notices.length >= 2 * MOST) r.notices = r.notices.slice(MOST);
  r.notices.push(n);
}

/** takeNotices returns the notices since the last call, in their order, at most the last 1,000. */
export function takeNotices(r) {
  const all = r.notices.slice(-MOST);
  r.notices = [];
  r.idTold = false;
  return all;
}

export const about = (it) => ({ table: it.table, id: it.id });

/** noticeRefusal reports that an item was refused permanently, and rolled back. */
export function noticeRefusal(r, it, reply) {
  const n = { kind: 'refused', ...about(it), fields: [...it.data.keys()].sort(), code: reply.code, detail: (reply.detail || '').slice(0, MOST), rolledBack: it.data };
  if (it.hidden && reply.code === 'forbidden') n.why = 'left';
  notice(r, n);
}

/** noticeLost reports that an edit was lost, or replaced a write that its author had not seen. */
export function noticeLost(r, it, name, said) {
  const other = said && (said.winner || said.loser);
  if (!other || !said.lost) return;
  notice(r, { kind: said.winner ? 'edit_lost' : 'edit_replaced', ...about(it), fields: [name], code: 'lost_edit', other });
}

/** noticeFuture reports, once, that an item waits until some fields are repaired. */
export function noticeFuture(r, it, fields) {
  if (it.told || fields.length === 0) return;
  it.told = true;
  const bases = fields.map((name) => it.base.get(name)).filter(Boolean).sort(compareStamps);
  notice(r, { kind: 'future_stamp', ...about(it), fields, code: 'too_far_ahead', other: bases[bases.length - 1] });
}

/** noticeFull reports that the server's storage is full; once, and not again while a refused item waits. */
export function noticeFull(r, replies) {
  const full = replies.some((reply) => reply.code === 'storage_full' && reply.retryable);
  if (full && !r.full) notice(r, { kind: 'storage_full', code: 'storage_full' });
  r.full = full || (r.full && r.queues.kept.size > 0);
}

/** noticeNotes reports what the server noted about an accepted item. */
export function noticeNotes(r, it, notes) {
  for (const code of notes) {
    if (code === 'update_of_deleted') notice(r, { kind: 'record_deleted', ...about(it), code });
    if (code === 'collision' || (code === 'rewound' && it.time > r.mark)) noticeId(r, code);
  }
}

function noticeId(r, code) {
  if (!r.idTold) notice(r, { kind: 'new_id_needed', code });
  r.idTold = true;
}

/** noticeErased reports that the server has erased records that are held. */
export function noticeErased(r, erased) {
  for (const key of erased) {
    if (find(r, key.table, key.id)) notice(r, { kind: 'erased', ...key });
  }
}
