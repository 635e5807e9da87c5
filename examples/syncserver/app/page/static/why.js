// The marks: who wrote a field and, on hover or focus, why the value won and what it replaced.

import { element, setText } from './dom.js';
import { fieldName, said, span, titleOf, when } from './words.js';

const explanations = new WeakMap(); // from a mark to the function that explains it

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
  }

  draw(view) {
    this.view = view;
    const write = view.data[this.field];
    this.element.hidden = !write;
    if (!write) return;
    const { name, letter, side } = this.who(write.clientId);
    const look = view.waiting?.includes(this.field) ? 'waiting' : view.replaced?.includes(this.field) ? 'replaced' : 'plain';
    const more = { waiting: ', not sent yet', replaced: ', won over another write', plain: '' }[look];
    this.element.dataset.look = look;
    this.element.dataset.side = side;
    setText(this.letter, letter);
    this.element.setAttribute('aria-label', `Why this ${fieldName(this.field)} of ${titleOf(view)}? Written by ${name}${more}`);
  }

  #explain() {
    const { view, field } = this;
    const write = view.data[field];
    const name = this.who(write.clientId).name;
    const first = [element('strong', {}, name), ` wrote ${said(field, write)} at ${when(write.updatedAt)}.`];
    if (view.waiting?.includes(field)) {
      return [first, ['It is shown here and waits in the outbox. Whether it wins will be known once the server has answered.']];
    }
    const why = this.replica.why(view.table, view.id, field);
    if (!why || why.winner.updatedAt !== write.updatedAt) return [first, ['This device knows of no other write here.']];
    return [first, this.#decision(why)];
  }

  #decision({ winner, loser, unknown, step, seen }) {
    const margin = msOf(winner) - msOf(loser);
    const other = this.who(loser.clientId).name;
    const same = winner.clientId === loser.clientId;
    const replaced = unknown ? 'a value that never reached this device' : said(this.field, loser);
    const reason = {
      time: margin > 0 ? `It won because it is ${span(margin)} later` : 'It won because it is later, by less than a millisecond',
      client: 'Both have the same time; it won because its client ID is greater',
      kind: 'One stamp was used twice; a deletion wins over a value',
      value: 'One stamp was used twice; the greater value wins',
    }[step] ?? 'It won';
    const knew = same ? '' : { true: ` ${this.who(winner.clientId).name} had seen it.`, false: ` ${this.who(winner.clientId).name} had not seen it.` }[seen] ?? '';
    return [`${reason}. It replaced ${replaced}, written by `, same ? 'the same device' : element('strong', {}, other), ` at ${when(loser.updatedAt)}.${knew}`];
  }
}

/** msOf returns the milliseconds of the time of a write. */
const msOf = ({ updatedAt }) => Date.parse(`${updatedAt.slice(0, 23)}Z`);

/**
 * startTooltip shows explanations while a mark is hovered or focused. Escape hides them. It returns a
 * function to call after marks were redrawn: it moves a shown explanation to the new mark.
 */
export function startTooltip() {
  const tooltip = document.getElementById('tooltip');
  let mark = null;
  let leaving = 0;

  const hide = () => {
    mark?.removeAttribute('aria-describedby');
    mark = null;
    tooltip.hidden = true;
    tooltip.replaceChildren();
  };
  const explain = () => tooltip.replaceChildren(...explanations.get(mark)().map((paragraph) => element('p', {}, ...paragraph)));
  const show = (next) => {
    clearTimeout(leaving);
    if (next === mark) return;
    hide();
    mark = next;
    explain();
    tooltip.hidden = false;
    placeBeside(tooltip, mark.getBoundingClientRect());
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
      if (next) show(next);
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

function placeBeside(tooltip, mark) {
  const { width, height } = tooltip.getBoundingClientRect();
  const left = Math.max(8, Math.min(mark.left + mark.width / 2 - width / 2, innerWidth - width - 8));
  const below = mark.bottom + 8;
  tooltip.style.left = `${left}px`;
  tooltip.style.top = `${below + height < innerHeight ? below : Math.max(8, mark.top - height - 8)}px`;
}
