// One field of a record: a control to edit it, and the mark next to it.

import { Draft } from './draft.js';
import { Mark } from './why.js';
import { kindName, value } from './words.js';

/** A Field shows a field of a record and writes it when the user has changed it. */
export class Field {
  /**
   * @param {HTMLInputElement} control
   * @param {{required?: boolean, toText?: (v: any) => string}} [how]
   */
  constructor(replica, who, name, control, { required = false, toText = plain } = {}) {
    this.replica = replica;
    this.name = name;
    this.control = control;
    this.toText = toText;
    this.mark = new Mark(replica, who, name);
    this.draft = new Draft(control, {
      required,
      seen: () => this.view.data[name] ?? null,
      ready: () => replica.joined,
      write: (text, seen) => this.#write(text, seen),
    });
  }

  // A write that arrives while the user types is hidden by the typed text, so the user has not
  // seen it.
  #write(text, seen) {
    const { replica, name, view: { table, id } } = this;
    const fields = { [name]: text === '' ? null : text };
    if (replica.tables[table].has(id)) return replica.edit(table, id, fields, { [name]: seen });
    return replica.tellNotEdited(`the ${kindName(table)} is no longer there`, { table, id, fields });
  }

  draw(view) {
    this.view = view;
    this.draft.draw(this.toText(value(view, this.name)));
    this.mark.draw(view);
  }
}

const plain = (v) => (v == null ? '' : typeof v === 'string' ? v : JSON.stringify(v));
