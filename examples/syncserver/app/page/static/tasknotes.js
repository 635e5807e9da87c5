// The notes of a task. A card without notes has a button instead, so it stays small.

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

  /** draw shows the notes, or the button if there are none. The card draws the field. */
  draw(view) {
    const has = (value(view, 'notes') ?? '') !== '';
    if (has) this.#open = false; // when they are emptied, the button is back
    const shown = has || this.#open || this.field.draft.typing;
    this.line.hidden = !shown;
    this.button.hidden = shown || this.field.locked !== '';
    this.button.setAttribute('aria-label', `Add notes to ${titleOf(view)}`);
  }
}
