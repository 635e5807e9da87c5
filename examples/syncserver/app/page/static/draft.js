// What a control shows, and whether its user has changed it since it was last drawn or written.
// All controls use this one definition.

/** COMMIT is the event that makes a control write its unsaved text now. */
export const COMMIT = 'commit';

/** DRAFT bubbles from a control when its text begins or ceases to differ from the written value. */
export const DRAFT = 'draft';

/** drafts returns the controls whose text differs from the written value. */
export const drafts = (root = document) => [...root.querySelectorAll('[data-draft]')];

/** commitAll writes the unsaved text of all controls. */
export const commitAll = (root = document) => drafts(root).forEach((control) => control.dispatchEvent(new Event(COMMIT)));

/** oneLine normalises a text. Texts are shown, compared and written in this form. */
export const oneLine = (text) => text.toWellFormed().replace(/\s+/g, ' ').trim();

const isDate = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && text >= '1900' && !Number.isNaN(Date.parse(text));

export class Draft {
  #text = ''; // the text that was last drawn or written
  #begun = null; // while the user types: what was shown before, as {text, seen}
  #opened = null; // as #begun, but for a list that may have been opened
  #keys = false; // whether a date is being typed

  /**
   * @param {HTMLInputElement|HTMLTextAreaElement|HTMLSelectElement} control
   * @param {object} how
   * @param {(text: string, seen: any) => boolean} how.write writes the text, and reports whether it did
   * @param {boolean} [how.required] whether an empty text is refused
   * @param {() => any} [how.seen] returns what the user sees now; write gets it later
   * @param {() => boolean} [how.ready] reports whether anything can be written now
   */
  constructor(control, { write, required = false, seen = () => null, ready = () => true }) {
    Object.assign(this, { control, write, required, seen, ready });
    control.addEventListener('input', () => this.#begin());
    control.addEventListener('change', () => this.#change());
    control.addEventListener('blur', () => {
      this.#opened = null;
      this.#leaveSoon();
    });
    control.addEventListener(COMMIT, () => this.commit());
    control.addEventListener('keydown', (event) => this.#press(event));
    control.addEventListener('pointerdown', () => this.#open());
    if (control.tagName === 'TEXTAREA') this.#stayOneLine();
  }

  /** typing reports whether the user has typed here since the control was drawn or written. */
  get typing() {
    return this.#begun !== null;
  }

  /** draw shows a text, unless the user is typing. */
  draw(text) {
    this.#text = this.#normal(text);
    if (!this.#begun) return this.#show();
    this.#tell();
    this.#leaveSoon(); // a text that could not be written when the user left the control
  }

  #normal(text) {
    const { type } = this.control;
    if (type === 'date') return isDate(text) ? text : '';
    return type === 'select-one' || type === 'number' ? text : oneLine(text);
  }

  /** commit writes the typed text. A text that cannot be written, such as part of a date, stays. */
  commit() {
    const text = this.#typed();
    if (!this.#begun || text === null || !this.ready()) return;
    const { text: before, seen } = this.#begun;
    const same = text === before || text === this.#text || (this.required && text === '');
    if (!same && this.write(text, seen)) this.#text = text;
    this.#show();
  }

  /** leave commits; a text that cannot be written is replaced by the written value. */
  leave() {
    this.#keys = false;
    this.commit();
    if (this.#begun && this.ready()) this.#show();
  }

  // A control that is moved within the page loses the focus and regains it at once.
  #leaveSoon() {
    queueMicrotask(() => document.activeElement !== this.control && this.leave());
  }

  #begin() {
    this.#begun ??= this.#opened ?? { text: this.#text, seen: this.seen() };
    this.#opened = null;
    this.#tell();
  }

  // A text counts as changed when the user leaves or confirms it. Browsers do not always fire
  // "change" then, and some fire it for a control that is moved within the page. The value of any
  // other control changes only when the user picks a new one.
  #change() {
    if (!['select-one', 'date', 'number'].includes(this.control.type)) return;
    this.#begin();
    if (!this.#keys) this.commit();
  }

  // An open list goes on showing the options that existed when it was opened, so these are what the
  // user has seen.
  #open() {
    if (this.control.tagName === 'SELECT') this.#opened = { text: null, seen: this.seen() };
  }

  // While a date is typed, each intermediate date fires a change.
  #press(event) {
    this.#open();
    if (event.key === 'Escape') {
      event.preventDefault();
      this.#show();
    } else if (event.key === 'Enter' && !event.isComposing && this.control.tagName === 'INPUT') {
      this.#keys = false;
      this.commit();
    } else if (this.control.type === 'date') {
      this.#keys = true;
    }
  }

  // A text area wraps long text, but the text itself has no line breaks. The focus stays.
  #stayOneLine() {
    this.control.addEventListener('beforeinput', (event) => {
      if (event.inputType !== 'insertLineBreak') return;
      event.preventDefault();
      this.commit();
    });
    this.control.addEventListener('input', () => fit(this.control));
  }

  /** #typed returns the value of the control, and null if it is incomplete or out of range: the
   * years 0002 and 0020, for example, occur while 2026 is typed. */
  #typed() {
    const { type, value, validity } = this.control;
    if (type !== 'date' && type !== 'number') return this.#normal(value);
    const whole = !validity.badInput && !validity.rangeOverflow && !validity.rangeUnderflow;
    if (!whole || (type === 'date' && value !== '' && !isDate(value))) return null;
    return type === 'number' && value !== '' ? String(Number(value)) : value;
  }

  #show() {
    const { control } = this;
    this.#begun = null;
    if (control.validity.badInput || control.value !== this.#text) control.value = this.#text;
    control.classList.toggle('unset', this.#text === '');
    if (control.tagName === 'TEXTAREA') fit(control);
    this.#tell();
  }

  #tell() {
    const differs = this.#begun !== null && this.#typed() !== this.#text;
    if (differs === this.control.hasAttribute('data-draft')) return;
    this.control.toggleAttribute('data-draft', differs);
    this.control.dispatchEvent(new Event(DRAFT, { bubbles: true }));
  }
}

const grows = CSS.supports('field-sizing', 'content');

/** fit makes a text area as high as its text in browsers whose style sheets cannot. */
function fit(area) {
  if (grows || !area.isConnected) return;
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight + 2}px`;
}
