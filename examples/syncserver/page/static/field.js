// One field of a record as people edit it: a control, and the mark beside it.

import { Mark } from './why.js';
import { value } from './words.js';

/** A Field shows a field of a record, and writes it when somebody has changed it. */
export class Field {
  #drawn = '';

  /**
   * @param {HTMLInputElement} control
   * @param {{required?: boolean, toText?: (v: any) => string, toValue?: (t: string) => any}} [how]
   */
  constructor(replica, who, name, control, { required = false, toText = plain, toValue = (t) => t } = {}) {
    this.name = name;
    this.control = control;
    this.mark = new Mark(replica, who, name);
    this.toText = toText;
    control.addEventListener('change', () => {
      const text = control.value.trim();
      if (text === this.#drawn || (required && text === '')) this.#show(this.#drawn);
      else if (usable(control)) replica.edit(this.view.table, this.view.id, { [name]: text === '' ? null : toValue(text) });
    });
    control.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#show(this.#drawn);
      else if (event.key === 'Enter' && control.tagName === 'TEXTAREA') control.blur();
      else return;
      event.preventDefault();
    });
    if (control.tagName === 'TEXTAREA') control.addEventListener('input', () => fit(control));
  }

  draw(view) {
    this.view = view;
    const text = this.toText(value(view, this.name));
    // What somebody is typing is not taken out of their hands.
    const typing = document.activeElement === this.control && this.control.value !== this.#drawn;
    this.#drawn = text;
    if (!typing) this.#show(text);
    this.mark.draw(view);
  }

  #show(text) {
    if (this.control.value !== text) this.control.value = text;
    this.control.classList.toggle('unset', text === '');
    if (this.control.tagName === 'TEXTAREA') fit(this.control);
  }
}

const plain = (v) => (typeof v === 'string' ? v : '');

/** usable says whether a date is complete: while one types a year, it is 0002, and 0020. */
const usable = (control) => control.type !== 'date' || control.value === '' || control.value >= '1900';

const grows = CSS.supports('field-sizing', 'content');

/** fit makes a text area as high as its text, where the style sheet cannot. */
function fit(area) {
  if (grows || !area.isConnected) return;
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight + 2}px`;
}
