// The marks: who wrote a field and, on hover or focus, what the write replaced, and why it won if its author had not
// seen the other one.

import { element, setText } from './dom.js';
import { ahead, fieldName, kindName, msOf, said, span, titleOf, when } from './words.js';

const explanations = new WeakMap(); // from a mark to the function that explains it
const histories = new WeakMap(); // from a mark to the function that shows the history of its field

/** keepsHistory reports whether the server may have histories. The static site has none. */
export const keepsHistory = () => document.documentElement.dataset.history !== 'none';

/** showHistory loads the script for histories and shows one; see history.js. */
export async function showHistory(what) {
  const script = await import('./history.js').catch(() => null);
  if (script) script.show(what);
  else what.replica.dispatchEvent(new CustomEvent('notice', { detail: { kind: 'no_history' } }));
}

/** A Mark belongs to one field of one record. */
export class Mark {
  /** @param who returns the name, the letter and the side of a client ID */
  constructor(replica, who, field) {
    this.replica = replica;
    this.who = who;
    this.field = field;
    this.letter = element('span', { 'aria-hidden': 'true' });
    this.element = element('button', { type: 'button', class: 'mark', 'data-testid': 'why', 'data-field': field }, this.letter);
    explanations.set(this.element, () => this.#explain());
    histories.set(this.element, () => showHistory({ replica, who, view: this.view, field, from: this.element }));
  }

  draw(view) {
    this.view = view;
    const write = view.data[this.field];
    this.element.hidden = !write;
    if (!write) return;
    const { name, letter, side, imported } = this.who(write.clientId);
    const look = ['waiting', 'won', 'replaced'].find((list) => view[list]?.includes(this.field)) ?? 'plain';
    const more = { waiting: ', not sent yet', won: ', won over a write that its author had not seen', replaced: ', edited later', plain: '' }[look];
    this.element.dataset.look = look;
    this.element.dataset.side = side;
    setText(this.letter, letter);
    this.element.setAttribute('aria-label', `Why this ${fieldName(this.field)} of ${titleOf(view)}? ${imported ? 'Imported from' : 'Written by'} ${name}${more}`);
  }

  #explain() {
    const { view, field } = this;
    const write = view.data[field];
    const { name, imported } = this.who(write.clientId);
    const did = field === '$deleted' ? `${write.value ? 'deleted' : 'restored'} it` : `wrote ${said(field, write)}`;
    const author = element('strong', {}, name);
    // The stamp of an import has no time of day.
    const first = imported ? ['Imported from ', author, `: ${said(field, write)}.`] : [author, ` ${did} at ${when(write.updatedAt)}.${ahead(this.replica, write, name)}`];
    if (view.waiting?.includes(field)) {
      return [first, ['It is shown here and waits in the outbox. Whether it stands will be known once the server has answered.']];
    }
    if (field === '$deleted' && write.value) return [first, this.#beneath(view, write)];
    const why = this.replica.why(view.table, view.id, field);
    if (!why || why.winner.updatedAt !== write.updatedAt) return [first, ['This device knows of no other write here.']];
    return [first, this.#decision(why)];
  }

  // What a restored record would show: a deletion hides the fields, and later edits of them are kept too.
  #beneath({ table, data }, deletion) {
    const later = Object.entries(data).filter(([field, write]) => !['$deleted', 'position'].includes(field) && msOf(write.updatedAt) > msOf(deletion.updatedAt));
    const kept = later.flatMap(([field, write]) => [element('strong', {}, this.who(write.clientId).name), ` wrote ${said(field, write)} as ${fieldName(field)} after that. `]);
    return [...kept, `Everything in the ${kindName(table)} is kept beneath the deletion, and comes back when it is restored.`];
  }

  #decision({ winner, loser, unknown, step, seen }) {
    const { name: other, imported } = this.who(loser.clientId);
    const same = winner.clientId === loser.clientId;
    const value = unknown ? 'a value that never reached this device' : said(this.field, loser);
    const by = same ? `the same ${imported ? 'source' : 'device'}` : element('strong', {}, other);
    const replaced = imported ? [`It replaced ${value}, imported from `, by] : [`It replaced ${value}, written by `, by, ` at ${when(loser.updatedAt)}`];
    const author = this.who(winner.clientId).name;
    const margin = msOf(winner.updatedAt) - msOf(loser.updatedAt);
    if (same) return [...replaced, '.'];
    if (seen === true) return [...replaced, `. ${author} had seen it.`];
    if (imported) return [...replaced, '.'];
    if (seen === false) return [...replaced, `. ${author} had not seen it. ${reasonOf(step, margin)}.`];
    return step === 'time' && margin > 0 ? [...replaced, `, ${span(margin)} earlier.`] : [...replaced, `. ${reasonOf(step, margin)}.`];
  }
}

/** reasonOf says why a write won over one that its author had not seen. */
function reasonOf(step, margin) {
  return {
    time: margin > 0 ? `It won because it is ${span(margin)} later` : 'It won because it is later, by less than a millisecond',
    client: 'Both have the same time; it won because its client ID is greater',
    kind: 'One stamp was used twice; a deletion wins over a value',
    value: 'One stamp was used twice; the greater value wins',
  }[step] ?? 'It won';
}

/**
 * startTooltip shows explanations while a mark is hovered or focused. Escape hides them. It returns a
 * function to call after marks were redrawn: it moves a shown explanation to the new mark.
 */
export function startTooltip() {
  const tooltip = document.getElementById('tooltip');
  const told = element('div');
  let mark = null;
  let leaving = 0;

  const hide = () => {
    mark?.removeAttribute('aria-describedby');
    mark = null;
    tooltip.hidden = true;
    told.replaceChildren();
  };
  const history = keepsHistory() && element('button', { type: 'button', class: 'link', 'data-testid': 'show-history', onclick: () => open(mark) }, 'Show the history');
  tooltip.append(told, history || ''); // the button stays when the mark is drawn again, so that a click is not lost
  const explain = () => told.replaceChildren(...explanations.get(mark)().map((paragraph) => element('p', {}, ...paragraph)));
  const open = (of) => {
    hide();
    histories.get(of)();
  };
  const show = (next) => {
    clearTimeout(leaving);
    if (next === mark) return;
    hide();
    mark = next;
    explain();
    tooltip.hidden = false;
    placeBeside(tooltip, mark);
    mark.setAttribute('aria-describedby', 'tooltip');
  };
  const leave = () => {
    clearTimeout(leaving);
    leaving = setTimeout(() => {
      if (!mark?.matches(':hover, :focus-visible') && !tooltip.matches(':hover')) hide();
    }, 150);
  };
  const markOf = (event) => event.target.closest?.('[data-testid="why"]');

  for (const type of ['mouseover', 'focusin', 'click']) {
    document.addEventListener(type, (event) => {
      const next = markOf(event);
      if (next && history && type === 'click' && event.detail === 0) open(next); // by the keyboard, which does not reach the tooltip
      else if (next) show(next);
      else if (type !== 'focusin' && mark) leave();
    });
  }
  document.addEventListener('focusout', leave);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
  });
  addEventListener('scroll', hide, { capture: true, passive: true });
  return () => {
    if (!mark) return;
    if (mark.isConnected && !mark.hidden) explain();
    else hide();
  };
}

// The tooltip must not cover the value that it explains, which is on the same line.
function placeBeside(tooltip, mark) {
  const { width, height } = tooltip.getBoundingClientRect();
  const { left, width: own } = mark.getBoundingClientRect();
  const line = (mark.closest('.line') ?? mark).getBoundingClientRect();
  const below = line.bottom + 6;
  tooltip.style.left = `${Math.max(8, Math.min(left + own / 2 - width / 2, innerWidth - width - 8))}px`;
  tooltip.style.top = `${below + height < innerHeight ? below : Math.max(8, line.top - height - 6)}px`;
}
