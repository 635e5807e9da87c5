// A minimal client, like the one in the example of mergetest.Client. It knows neither purges nor buckets, and keeps
// only such values as JSON.parse keeps.
import { serve } from "./serve.mjs";

const lines = (text) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
const above = (a, b) => !b || a.updatedAt > b.updatedAt || (a.updatedAt === b.updatedAt && a.clientId > b.clientId);
const timeOf = (text) => BigInt(Date.parse(`${text.slice(0, 23)}Z`)) * 1_000_000n + BigInt(text.slice(23, 29));
const textOf = (time) => `${new Date(Number(time / 1_000_000n)).toISOString().slice(0, 23)}${String(time % 1_000_000n).padStart(6, "0")}Z`;

class Phone {
  confirmed = new Map(); // from table and ID to fields
  waiting = []; // mutations
  sent = 0; // how many of them are in flight
  next = "";
  last = 0n; // the greatest time that was issued or confirmed
  ahead = 0; // how far the clock of the device is known to be ahead, in milliseconds

  constructor(id, wall) { Object.assign(this, { id, wall }); }

  stamp() {
    const wall = BigInt(Math.max(0, this.wall() - this.ahead)) * 1_000_000n;
    this.last = wall > this.last ? wall : this.last + 1n;
    return { updatedAt: textOf(this.last), clientId: this.id };
  }

  fields({ table, id }) {
    const fields = { ...this.confirmed.get(`${table}/${id}`) };
    for (const m of this.waiting) if (m.table === table && m.id === id) join(fields, m.data);
    return fields;
  }

  shown({ table, id }) { return JSON.stringify({ table, id, data: this.fields({ table, id }) }); }

  edit({ table, id, fields }) {
    const seen = this.fields({ table, id }), stamp = this.stamp(), data = {}, base = {};
    for (const [name, text] of Object.entries(fields)) {
      data[name] = text === null ? { deleted: true, ...stamp } : { value: JSON.parse(text), ...stamp };
      base[name] = seen[name] ? { updatedAt: seen[name].updatedAt, clientId: seen[name].clientId } : null;
    }
    this.waiting.push({ table, id, data, base, ...(Object.keys(seen).length ? {} : { new: true }) });
  }

  outbox() {
    this.sent = this.waiting.length;
    return this.sent ? JSON.stringify(this.waiting) : "";
  }

  answer({ answer }) {
    let late = false;
    const keep = [];
    JSON.parse(answer).forEach((reply, i) => {
      const m = this.waiting[i];
      if (reply.verdict === "accepted") this.confirm(m.table, m.id, join({ ...this.confirmed.get(`${m.table}/${m.id}`) }, m.data));
      else if (reply.code === "too_far_ahead") {
        this.ahead = this.wall() - Date.parse(reply.serverTime);
        late = keep.push(m) > 0;
      } else if (reply.retryable) keep.push(m);
    });
    this.waiting = [...keep, ...this.waiting.slice(this.sent)];
    this.sent = 0;
    if (late) this.restamp();
  }

  /** Starts the clock again above the confirmed stamps, and restamps the waiting edits and their bases. */
  restamp() {
    this.last = 0n;
    for (const fields of this.confirmed.values()) this.observe(fields);
    const news = new Map();
    for (const m of this.waiting) {
      const stamp = this.stamp();
      for (const [name, write] of Object.entries(m.data)) {
        if (news.has(m.base[name]?.updatedAt) && m.base[name].clientId === this.id) m.base[name] = news.get(m.base[name].updatedAt);
        news.set(write.updatedAt, stamp);
        Object.assign(write, stamp);
      }
    }
  }

  confirm(table, id, fields) {
    this.confirmed.set(`${table}/${id}`, fields);
    this.observe(fields);
  }

  observe(fields) {
    for (const { updatedAt } of Object.values(fields)) if (timeOf(updatedAt) > this.last) this.last = timeOf(updatedAt);
  }

  cursor() { return this.next; }

  pulled({ lines: text, next }) {
    for (const { table, id, data } of lines(text)) this.confirm(table, id, data);
    this.next = next;
  }

  reopen() {
    this.sent = 0;
    return this;
  }
}

function join(fields, data) {
  for (const [name, write] of Object.entries(data)) if (above(write, fields[name])) fields[name] = { ...write };
  return fields;
}

serve((id, wall) => new Phone(id, wall));
