// The tags and the votes of a task. Their script is loaded for the first card that has some, or when a user opens the line
// for them. For the card, they are a field.

import { element } from './dom.js';
import { Draft } from './draft.js';
import { isElement } from './words.js';

export class TaskTags {
  name = 'tags';
  draft = { typing: false, leave() {} };

  constructor(replica) {
    this.replica = replica;
    this.line = element('div', { class: 'line tags', hidden: true });
    this.control = element('button', { type: 'button', class: 'act', 'data-testid': 'task-tags-open', title: 'Tags and votes', onclick: () => this.#load(true) }, '#');
  }

  lock(reason) {
    this.control.hidden = reason !== '';
  }

  draw(view) {
    this.view = view;
    if (this.late) this.late.draw(view);
    else if (Object.keys(view.data).some(isElement)) this.#load();
  }

  async #load(pressed) {
    const script = this.late || (await import('./tags.js').catch(() => null));
    if (script && !this.late) {
      this.late = new script.TagLine(this, Draft);
      this.draft = this.late.draft;
    }
    if (!pressed) return;
    if (this.late) this.late.toggle();
    else this.replica.tellNotEdited('the server does not answer', {});
  }
}
