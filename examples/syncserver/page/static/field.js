// One field of a record as people edit it: a control, and the mark beside it.

import { COMMIT } from './leaving.js';
import { Mark } from './why.js';
import { value } from './words.js';

/** A Field shows a field of a record, and writes it when somebody has changed it. */
export class Field {
  #drawn = '';
  #began = null; // what was shown when somebody began to type
  #keys = false; // whether a date is being typed

  /**
   * @param {HTMLInputElement} control
   * @param {{required?: boolean, toText?: (v: any) => string, toValue?: (t: string) => any}} [how]
   */
  constructor(replica, who, name, control, { required = false, toText = plain, toValue = (t) => t } = {}) {
    this.name = name;
    this.control = control;
    this.mark = new Mark(replica, who, name);
    this.replica = replica;
    this.required = required;
    this.toText = toText;
    this.toValue = toValue;
    control.addEventListener('input', () => (this.#began ??= { stamp: this.view.data[name] ?? null }));
    control.addEventListener('change', () => this.#keys || this.#commit());
    control.addEventListener(COMMIT, () => this.#commit());
    control.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.#show(this.#drawn);
    });
    if (control.tagName === 'TEXTAREA') this.#stayOneLine();
    if (control.type === 'date') this.#waitForKeys();
  }

  // A text area breaks a long title into lines, but a title has none. The focus stays.
  #stayOneLine() {
    this.control.addEventListener('beforeinput', (event) => {
      if (event.inputType !== 'insertLineBreak') return;
      event.preventDefault();
      this.#commit();
    });
    this.control.addEventListener('input', () => fit(this.control));
  }

  // While one types a date, each date on the way there is a change.
  #waitForKeys() {
    this.control.addEventListener('keydown', (event) => {
      this.#keys = event.key !== 'Enter';
      if (!this.#keys) this.#commit();
    });
    this.control.addEventListener('blur', () => {
      if (this.#keys) this.#commit();
      this.#keys = false;
      if (!usable(this.control)) this.#show(this.#drawn);
    });
  }

  // What came while somebody typed was covered by what they typed: they had not seen it.
  #commit() {
    const { control, name, view } = this;
    if (!usable(control)) return;
    const text = oneLine(control.value);
    if (text === this.#drawn || (this.required && text === '')) return this.#show(this.#drawn);
    const seen = this.#began ? { [name]: this.#began.stamp } : {};
    this.#began = null;
    this.#drawn = text; // it is written once, even if the field is left before it is drawn
    this.replica.edit(view.table, view.id, { [name]: text === '' ? null : this.toValue(text) }, seen);
  }

  draw(view) {
    this.view = view;
    const text = this.toText(value(view, this.name));
    // What somebody is typing is not taken out of their hands.
    const typing = document.activeElement === this.control && this.#shows() !== this.#drawn;
    this.#drawn = text;
    if (!typing) this.#show(text);
    this.mark.draw(view);
  }

  /** #shows returns the text of the control, and null for a part of a date. */
  #shows() {
    return this.control.validity.badInput ? null : this.control.value;
  }

  #show(text) {
    this.#began = null;
    if (this.#shows() !== text) this.control.value = text;
    this.control.classList.toggle('unset', text === '');
    if (this.control.tagName === 'TEXTAREA') fit(this.control);
  }
}

const oneLine = (text) => text.replace(/\s+/g, ' ').trim();
const plain = (v) => (typeof v === 'string' ? oneLine(v) : '');

/**
 * usable says whether a date is complete, or cleared. While one types a year, it is 0002, and
 * 0020; and while a part is blank, the value is empty as if all parts were.
 */
const usable = (control) => control.type !== 'date' || (!control.validity.badInput && (control.value === '' || control.value >= '1900'));

const grows = CSS.supports('field-sizing', 'content');

/** fit makes a text area as high as its text, where the style sheet cannot. */
function fit(area) {
  if (grows || !area.isConnected) return;
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight + 2}px`;
}
