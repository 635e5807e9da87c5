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
    this.locked = ''; // the reason why the user may not change the field
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
    const { replica, name, locked, view: { table, id } } = this;
    const fields = { [name]: text === '' ? null : text };
    if (locked !== '') return replica.tellNotEdited(locked, { table, id, fields });
    if (replica.tables[table].has(id)) return replica.edit(table, id, fields, { [name]: seen });
    return replica.tellNotEdited(`the ${kindName(table)} is no longer there`, { table, id, fields });
  }

  /** lock lets the user only read the field, for the given reason. If it is empty, the user may write. */
  lock(reason) {
    this.locked = reason;
    this.control[this.control.tagName === 'SELECT' ? 'disabled' : 'readOnly'] = reason !== '';
  }

  draw(view) {
    this.view = view;
    this.draft.draw(this.toText(value(view, this.name)));
    this.mark.draw(view);
  }
}

const plain = (v) => (v == null ? '' : typeof v === 'string' ? v : JSON.stringify(v));
