// The notes of a task. A card without notes has only a button for them, so it stays small.

import { element } from './dom.js';
import { Field } from './field.js';
import { titleOf, value } from './words.js';

export class TaskNotes {
  #open = false;

  constructor(replica, who) {
    this.control = element('textarea', { class: 'value', rows: 1, 'data-testid': 'task-notes', dir: 'auto', placeholder: 'Notes' });
    this.field = new Field(replica, who, 'notes', this.control);
    this.line = element('div', { class: 'line', hidden: true }, this.control, this.field.mark.element);
    this.button = element('button', { type: 'button', class: 'act', 'data-testid': 'task-notes-open', title: 'Notes', onclick: () => this.#add() }, '✎');
  }

  #add() {
    this.#open = true;
    this.draw(this.field.view);
    this.control.focus();
  }

  /**
   * draw shows the notes if there are any. The card draws the field. The button stays where it is, or a mark would move
   * under the pointer.
   */
  draw(view) {
    const has = (value(view, 'notes') ?? '') !== '';
    if (has) this.#open = false; // when they are emptied, the line goes
    const shown = has || this.#open || this.field.draft.typing;
    this.line.hidden = !shown;
    this.button.hidden = this.field.locked !== '';
    this.button.setAttribute('aria-label', `Notes of ${titleOf(view)}`);
  }
}
