// What a control shows, and whether its user has changed that. This is the one place that
// decides it, for all controls: by what was typed since the control was last drawn or written.

/** COMMIT tells a control that what is typed there is to be written now. */
export const COMMIT = 'commit';

/** DRAFT bubbles from a control whose text begins, or ceases, to differ from what is written. */
export const DRAFT = 'draft';

/** drafts returns the controls that show something else than what is written. */
export const drafts = (root = document) => [...root.querySelectorAll('[data-draft]')];

/** commitAll writes what is typed anywhere. */
export const commitAll = (root = document) => drafts(root).forEach((control) => control.dispatchEvent(new Event(COMMIT)));

/** oneLine is the form of all text: what is shown, compared and written. */
export const oneLine = (text) => text.toWellFormed().replace(/\s+/g, ' ').trim();

const isDate = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && text >= '1900' && !Number.isNaN(Date.parse(text));

export class Draft {
  #text = ''; // what was drawn or written last
  #begun = null; // since somebody types: what was shown before, as {text, seen}
  #opened = null; // the same for a list that may have been opened
  #keys = false; // whether a date is being typed

  /**
   * @param {HTMLInputElement|HTMLTextAreaElement|HTMLSelectElement} control
   * @param {object} how
   * @param {(text: string, seen: any) => boolean} how.write says whether it was written
   * @param {boolean} [how.required] whether an empty text is not written
   * @param {() => any} [how.seen] returns what the user sees now, which is given to write later
   * @param {() => boolean} [how.ready] says whether anything can be written now
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

  /** typing says whether somebody has typed here since it was drawn or written. */
  get typing() {
    return this.#begun !== null;
  }

  /** draw shows a text, unless somebody is typing. */
  draw(text) {
    this.#text = this.#normal(text);
    if (!this.#begun) return this.#show();
    this.#tell();
    this.#leaveSoon(); // what could not be written when it was left
  }

  #normal(text) {
    const { type } = this.control;
    if (type === 'date') return isDate(text) ? text : '';
    return type === 'select-one' || type === 'number' ? text : oneLine(text);
  }

  /** commit writes what was typed. What cannot be written, like a part of a date, stays. */
  commit() {
    const text = this.#typed();
    if (!this.#begun || text === null || !this.ready()) return;
    const { text: before, seen } = this.#begun;
    const same = text === before || text === this.#text || (this.required && text === '');
    if (!same && this.write(text, seen)) this.#text = text;
    this.#show();
  }

  /** leave is commit, and shows again what is written in the place of what cannot be. */
  leave() {
    this.#keys = false;
    this.commit();
    if (this.#begun && this.ready()) this.#show();
  }

  // A control that is moved in the page loses the focus, and gets it again at once.
  #leaveSoon() {
    queueMicrotask(() => document.activeElement !== this.control && this.leave());
  }

  #begin() {
    this.#begun ??= this.#opened ?? { text: this.#text, seen: this.seen() };
    this.#opened = null;
    this.#tell();
  }

  // A text is changed when it is left or confirmed, which browsers do not always tell; some tell
  // it of a control that is moved in the page. All else is changed by a choice.
  #change() {
    if (!['select-one', 'date', 'number'].includes(this.control.type)) return;
    this.#begin();
    if (!this.#keys) this.commit();
  }

  // While a list is open, it shows what there was when it was opened.
  #open() {
    if (this.control.tagName === 'SELECT') this.#opened = { text: null, seen: this.seen() };
  }

  // While one types a date, each date on the way there is a change.
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

  // A text area breaks a long text into lines, but the text has none. The focus stays.
  #stayOneLine() {
    this.control.addEventListener('beforeinput', (event) => {
      if (event.inputType !== 'insertLineBreak') return;
      event.preventDefault();
      this.commit();
    });
    this.control.addEventListener('input', () => fit(this.control));
  }

  /** #typed returns what the control shows, and null for what is no value: a part of a date, as
   * the years 0002 and 0020 are on the way to 2026, or a number that is out of range. */
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

/** fit makes a text area as high as its text, where the style sheet cannot. */
function fit(area) {
  if (grows || !area.isConnected) return;
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight + 2}px`;
}
