// Uploads the queue of a PowerSync database to the write endpoint.

import { parse } from './stamps.mjs';

/**
 * Connector is a PowerSyncBackendConnector. PowerSync calls uploadData while there are entries in its queue, and again
 * after a while if it throws.
 *
 *   url       the write endpoint
 *   token     returns the bearer token of this device, as a promise
 *   stamps    the Stamps of the database
 *   most      the greatest number of transactions in a request, at most 50
 *   onNotice  is called with what the user should be told: { code, table, id, dropped, advice, … }
 *
 * The method fetchCredentials, which connects to the PowerSync Service, is for the app to add.
 */
export class Connector {
  constructor({ url, token, stamps, most = 50, onNotice = () => {} }) {
    Object.assign(this, { url, token, stamps, most, onNotice });
  }

  async uploadData(db) {
    const transactions = [];
    for await (const transaction of db.getCrudTransactions()) {
      if (transactions.push(transaction) === this.most) break;
    }
    if (transactions.length > 0) await this.upload(transactions);
  }

  /** upload sends transactions in one request, and completes those that are decided. */
  async upload(transactions) {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await this.token()}` },
      body: JSON.stringify({ transactions: await Promise.all(transactions.map((t) => this.body(t))) }),
    });
    if (response.status === 400 || response.status === 413) return this.split(transactions, response.status);
    if (!response.ok) throw new Error(`upload: status ${response.status}`); // 401: token should fetch a new one
    const { results } = await response.json();
    if (!Array.isArray(results) || results.length !== transactions.length) throw new Error('upload: not an answer');
    for (const [i, result] of results.entries()) await this.settle(transactions[i], result);
  }

  async body({ transactionId, crud }) {
    const sent = await this.stamps.sent(crud);
    const entries = crud.map(({ op, table, id, opData }, i) => ({
      op, table, id,
      ...(opData && { op_data: opData }),
      ...(sent[i] && { metadata: sent[i] }),
    }));
    return { transaction_id: transactionId, crud: entries };
  }

  /** split sends the transactions of a refused request one by one, and drops one that is refused alone. */
  async split(transactions, status) {
    if (transactions.length > 1) {
      for (const transaction of transactions) await this.upload([transaction]);
      return;
    }
    for (const { table, id } of transactions[0].crud) this.onNotice({ code: `status_${status}`, table, id, dropped: true });
    await transactions[0].complete();
  }

  /** settle does what a result says. It throws if the transaction stays in the queue. */
  async settle(transaction, result) {
    for (const notice of result.notices ?? []) this.onNotice(notice);
    switch (result.status) {
      case 'success':
      case 'fatal_error': // the accepted entries are stored, and the others were reported above
        await this.accepted(transaction, result);
        return transaction.complete();
      case 'retryable_error':
        if (result.server_time) await this.correct(transaction, result);
    }
    throw new Error(`upload: ${result.status}: ${result.message ?? ''}`);
  }

  /** accepted notes the stamps of the accepted entries. */
  async accepted({ crud }, { notices = [] }) {
    const dropped = new Set(notices.filter((n) => n.dropped).map((n) => n.operation_index));
    const stored = crud.filter((_, i) => !dropped.has(i));
    await this.stamps.accepted(await this.stamps.sent(stored));
  }

  async correct(transaction, { server_time, ahead }) {
    const [refused] = await this.stamps.sent([transaction.crud[ahead]]);
    await this.stamps.correct(server_time, parse(refused).stamp);
  }
}
