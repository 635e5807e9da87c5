// The list of the edits waiting to be sent.

import { element, setText } from './dom.js';
import { edits, fieldName, isTag, kindName, said, titleOf, when, whereIs } from './words.js';

const MOST = 50; // edits listed

export class Outbox {
  constructor(replica, part) {
    this.replica = replica;
    this.part = part;
    part.outbox.addEventListener('toggle', () => this.#list());
  }

  draw() {
    const { waiting } = this.replica;
    this.part.outbox.dataset.waiting = waiting > 0;
    setText(this.part['outbox-text'], waiting === 0 ? 'Outbox empty' : `${edits(waiting)} waiting`);
    this.#list();
  }

  #list() {
    if (!this.part.outbox.open) return this.part['outbox-list'].replaceChildren();
    const all = this.replica.outbox();
    const rows = all.slice(0, MOST).map((mutation) => element('li', { 'data-testid': 'outbox-item' }, this.#words(mutation)));
    if (all.length > MOST) rows.push(element('li', {}, `and ${all.length - MOST} more`));
    if (all.length === 0) rows.push(element('li', {}, 'Nothing is waiting.'));
    this.part['outbox-list'].replaceChildren(...rows);
  }

  #words({ table, id, data }) {
    const shown = this.replica.tables[table]?.get(id);
    const [[, first]] = Object.entries(data);
    const at = when(first.updatedAt);
    if (this.replica.isErased(table, id)) return `${at} · an erased ${kindName(table)}`;
    const changes = Object.entries(data).map(([field, write]) => {
      if (field === '$deleted') return write.value ? 'delete it' : 'restore it';
      if (field === 'position') return 'moved';
      if (isTag(field)) return `${write.deleted ? 'remove' : 'add'} the ${fieldName(field)}`;
      return field === 'project' ? `put it ${whereIs(write)}` : `${fieldName(field)}: ${said(field, write)}`;
    });
    return `${at} · ${shown ? titleOf(shown) : kindName(table)} · ${[...new Set(changes)].join(', ')}`;
  }
}
