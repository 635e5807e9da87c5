// Digests of everything that both sides show, one for each bucket. The rows of lost edits are left out, because each is for
// one device. The digests are updated with each change: computing them from all records after each edit would be slow.

import { openDigest } from '../../../../client/digest.js';
import { ALL_TABLES, bucketOf } from './buckets.js';
import { isLostEdit } from './lostrow.js';

export class Fingerprint {
  #digests = new Map(); // by bucket
  #held = null; // what is in the digests, by table/id; null until a digest is first requested
  #changed = [];

  /** change notes that records have changed. */
  change(keys) {
    if (this.#held) this.#changed.push(...keys);
  }

  /** of returns the digest of a bucket of a Replica. */
  of(replica, bucket) {
    if (!this.#held) {
      this.#held = new Map();
      this.#changed = ALL_TABLES.flatMap((table) => replica.records(table).map(([id]) => [table, id]));
    }
    for (const key of this.#changed.splice(0)) this.#replace(replica, key);
    return this.#digest(bucket).toString();
  }

  #digest(bucket) {
    if (!this.#digests.has(bucket)) this.#digests.set(bucket, openDigest());
    return this.#digests.get(bucket);
  }

  #replace(replica, [table, id]) {
    const key = `${table}/${id}`; // the names of tables have no slash
    const before = this.#held.get(key);
    const data = replica.shown(table, id);
    const bucket = bucketOf(projectOf(table, id, data));
    if (before) this.#digest(before.bucket).remove(table, id, before.data);
    this.#held.delete(key);
    if (isLostEdit(table, data)) return;
    this.#digest(bucket).add(table, id, data);
    this.#held.set(key, { bucket, data });
  }
}

const projectOf = (table, id, data) => (table === 'projects' ? id : table === 'tasks' ? data.get('project')?.value : undefined);
