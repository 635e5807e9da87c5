// The line of a card with the tags and the votes of a task: a set and a counter of fields.js. This script is loaded when
// it is first needed; see tasktags.js.

import { added, addition, elementsOf, removed, reset, sumOf } from '../../../../client/fields.js';
import { element, setText } from './dom.js';
import { plain, short, titleOf } from './words.js';

const TAG = 'tag';
const VOTES = 'votes';
const LONGEST = 40; // characters of a tag, as package board has it
const MOST = 100; // votes of a task, and votes taken back, as package board has it
const SUGGESTED = 100; // tags
const SHOWN = 20; // tags of a task. Its members decide how many it has
const CURES = {
  full: `a task holds at most ${MOST} votes, including those taken back. Reset them to make room`,
  overflow: 'the sum of the votes is too large. Reset them',
  type: 'one of the votes is not a number that this page can add. Reset them',
};

const isWrongTag = ([field, write]) => field.startsWith(`${TAG}/`) && !write.deleted && write.value !== true;
const dataOf = (view) => new Map(Object.entries(view.data));

/** tagsOf returns the tags of a task, sorted, and the names of fields that should be tags, but do not have that form. */
export function tagsOf(view) {
  const all = Object.entries(view.data);
  const tags = elementsOf(new Map(all.filter((field) => !isWrongTag(field))), TAG);
  return { tags, wrong: all.filter(isWrongTag).map(([field]) => field.slice(TAG.length + 1)).sort() };
}

/** votesOf returns the number of votes of a task as a text: '' without votes, and '?' if one of them is not a number. */
export function votesOf(view) {
  const data = dataOf(view);
  try {
    return Object.keys(reset(data, VOTES)).length === 0 ? '' : String(sumOf(data, VOTES));
  } catch {
    return '?';
  }
}

/** tooLong reports whether a text has too many characters for a tag. */
export const tooLong = (text) => [...text].length > LONGEST;

export class TagLine {
  #open = false;
  #chips = new Map(); // by the tag

  /**
   * @param {{replica, view, line: HTMLElement, control: HTMLButtonElement}} task
   * @param {typeof import('./draft.js').Draft} Draft the one of the page, so that this script has no copy of it
   */
  constructor({ replica, view, line, control }, Draft) {
    Object.assign(this, { replica, view, line, opener: control });
    this.vote = this.#button('vote', '', () => this.#vote(1));
    this.back = this.#button('vote-back', '▼', () => this.#vote(-1));
    this.reset = this.#button('votes-reset', 'Reset', () => this.#edit(reset(dataOf(this.view), VOTES)));
    this.count = element('span', { class: 'tag', role: 'img', 'data-testid': 'votes' });
    this.input = element('input', { class: 'value', list: `${replica.side}-tags`, placeholder: 'Add a tag', autocomplete: 'off', dir: 'auto', 'data-testid': 'tag-add', onfocus: () => this.#suggest(), onblur: () => this.#list().replaceChildren() });
    this.input.tabIndex = control.tabIndex;
    // The draft shows nothing once its text is written: the tag is shown next to it.
    this.draft = new Draft(this.input, { ready: () => replica.joined, write: (text) => this.#add(text) && false });
    this.more = element('span', { class: 'tag', 'data-testid': 'tags-more' });
    line.append(this.more, this.count, this.vote, this.back, this.reset, this.input);
    this.draw(view);
  }

  // The controls of a card have one stop of the Tab key; see stop.js.
  #button(testid, text, act) {
    const button = element('button', { type: 'button', class: 'act', 'data-testid': testid, onclick: act }, text);
    button.tabIndex = this.opener.tabIndex;
    return button;
  }

  /** toggle opens and closes the part of the line that changes something. */
  toggle() {
    this.#open = !this.#open;
    this.draw(this.view);
    if (this.#open) this.input.focus();
  }

  draw(view) {
    this.view = view;
    const fixed = this.opener.hidden;
    const open = this.#open && !fixed;
    const focused = this.line.contains(document.activeElement);
    const { tags, wrong } = tagsOf(view);
    const all = [...tags, ...wrong];
    const next = this.#drawChips(all.slice(0, SHOWN), wrong, fixed);
    this.more.hidden = all.length <= SHOWN;
    setText(this.more, `and ${(all.length - SHOWN).toLocaleString('en')} more`);
    const votes = votesOf(view);
    this.#drawVotes(votes, fixed, open);
    this.input.hidden = !open && !this.draft.typing;
    this.draft.draw('');
    this.input.setAttribute('aria-label', `New tag of ${titleOf(view)}`);
    this.opener.setAttribute('aria-expanded', open);
    this.line.hidden = all.length === 0 && votes === '' && this.input.hidden;
    if (focused && !(this.line.contains(document.activeElement) && isShown(document.activeElement))) [next, this.vote, this.opener, this.line.closest('.card')].find(isShown)?.focus();
  }

  // #drawChips returns the button that takes the place of a removed one that had the focus.
  #drawChips(tags, wrong, fixed) {
    let next;
    const names = new Set(tags);
    for (const [tag, chip] of this.#chips) {
      if (names.has(tag)) continue;
      if (chip.contains(document.activeElement)) next = (chip.nextElementSibling.matches('.chip') ? chip.nextElementSibling : chip.previousElementSibling)?.lastElementChild;
      chip.remove();
      this.#chips.delete(tag);
    }
    tags.forEach((tag, i) => {
      let chip = this.#chips.get(tag);
      if (!chip) this.#chips.set(tag, (chip = this.#chip(tag)));
      if (this.line.children[i] !== chip) this.line.insertBefore(chip, this.line.children[i]);
      const isWrong = wrong.includes(tag);
      setText(chip.firstElementChild, short(plain(tag)) + (isWrong ? ' ?' : ''));
      chip.title = isWrong ? 'This is not a tag: the field holds something else. Remove it' : '';
      chip.lastElementChild.hidden = fixed;
      chip.lastElementChild.setAttribute('aria-label', `Remove the tag ${short(plain(tag))} from ${titleOf(this.view)}`);
    });
    return next;
  }

  #chip(tag) {
    const remove = this.#button('tag-remove', '×', () => this.#edit(removed(TAG, tag)));
    return element('span', { class: 'tag chip', 'data-testid': 'tag' }, element('span', { dir: 'auto' }), remove);
  }

  #drawVotes(votes, fixed, open) {
    const title = titleOf(this.view);
    const said = votes === '?' ? 'votes that cannot be counted' : votes === '1' ? '1 vote' : `${votes || 0} votes`;
    const problem = votes === '?' ? 'One of the votes is not a number that this page can add. Reset them' : '';
    setText(this.count, `▲ ${votes}`);
    setText(this.vote, `▲ ${votes || 0}`);
    this.count.setAttribute('aria-label', said);
    this.vote.setAttribute('aria-label', `Vote for ${title}: ${said}`);
    this.back.setAttribute('aria-label', `Take a vote for ${title} back`);
    this.reset.setAttribute('aria-label', `Reset the votes of ${title}`);
    this.count.title = this.reset.title = problem;
    this.vote.title = problem || 'Vote';
    this.back.title = 'Take a vote back';
    this.count.hidden = !fixed || votes === '';
    this.vote.hidden = fixed || (votes === '' && !open);
    this.back.hidden = !open || !(Number(votes) > 0);
    this.reset.hidden = fixed || !(votes === '?' || (open && votes !== ''));
  }

  // Replica.edit deletes a field with null, and the functions of fields.js with undefined.
  #edit(fields) {
    return this.replica.edit('tasks', this.view.id, Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? null])));
  }

  #add(text) {
    const { id } = this.view;
    if (tooLong(text)) return this.replica.tellNotEdited(`a tag can have at most ${LONGEST} characters`, { table: 'tasks', id, fields: { [TAG]: text } });
    return tagsOf(this.view).tags.includes(text) || this.#edit(added(TAG, text));
  }

  #vote(n) {
    try {
      this.#edit(addition(dataOf(this.view), VOTES, { id: this.replica.newId(), n, most: MOST }));
    } catch (error) {
      this.replica.tellNotEdited(CURES[error.reason] ?? error.message, { table: 'tasks', id: this.view.id });
      this.#open = true; // where the reset is
      this.draw(this.view);
    }
  }

  #suggest() {
    const { tasks } = this.replica.tables;
    const own = new Set(tagsOf(this.view).tags);
    const all = new Set([...tasks.values()].filter((view) => !view.deleted).flatMap((view) => tagsOf(view).tags));
    this.#list().replaceChildren(...[...all].filter((tag) => !own.has(tag)).sort().slice(0, SUGGESTED).map((tag) => element('option', { value: tag })));
  }

  #list() {
    const id = `${this.replica.side}-tags`;
    if (!document.getElementById(id)) document.body.append(element('datalist', { id }));
    return document.getElementById(id);
  }
}

const isShown = (control) => control?.getClientRects().length > 0;
