// The buttons that play the stories, with a tick on each story that was played, and the sentence of the present one.

import { element, setText } from './dom.js';

const STORIES = [['edit', 'Edit the same field'], ['book', 'Book one room twice'], ['clock', 'Break a clock'], ['lose', 'Lose an answer']];
const DONE = 'fieldlww-stories';

export class StoryBar {
  #playing = null; // the AbortController of the story that plays
  #notices = []; // that the last story has left

  /** @param {{panels, day}} page both panels, and the shown day */
  constructor({ panels: [left, right], day }) {
    Object.assign(this, { left, right, day });
    this.bar = document.getElementById('stories');
    this.caption = document.getElementById('caption');
    this.stop = document.getElementById('stop-story');
    this.done = new Set((localStorage.getItem(DONE) ?? '').split(' '));
    this.buttons = STORIES.map(([name, text]) => this.#button(name, text));
    document.getElementById('story-list').append(...this.buttons.map((button) => element('li', {}, button)));
    this.stop.addEventListener('click', () => this.#end());
    this.bar.hidden = false;
    this.#draw();
  }

  #button(name, text) {
    const tick = element('span', { class: 'tick', 'aria-hidden': 'true' });
    return element('button', { type: 'button', 'data-story': name, 'data-testid': 'story', onclick: () => this.#play(name) }, tick, element('span', {}, text), element('span', { class: 'hidden' }));
  }

  #draw() {
    for (const button of this.buttons) {
      const done = this.done.has(button.dataset.story);
      const [tick, , told] = button.children;
      button.dataset.done = done;
      button.disabled = this.#playing !== null;
      setText(tick, done ? '✓' : '▶');
      setText(told, done ? ' (played)' : '');
    }
    this.stop.hidden = this.#playing === null && this.caption.textContent === '';
    setText(this.stop, this.#playing ? 'Stop' : 'Close');
    this.caption.parentElement.hidden = this.stop.hidden;
  }

  // A story leaves both devices as it found them: online or not, with their clocks.
  async #play(name) {
    const panels = [this.left, this.right];
    if (this.#playing || !panels.every((panel) => panel.replica.joined)) return;
    this.#clear();
    const shown = notices();
    const before = panels.map(({ replica: { device } }) => device.skew);
    const { signal } = (this.#playing = new AbortController());
    setText(this.caption, 'Ready …');
    this.#draw();
    this.stop.focus({ preventScroll: true });
    let stories;
    try {
      for (const panel of panels) panel.setOnline(true);
      stories = await import('./stories.js');
      await stories.play(name, { left: this.left, right: this.right, day: this.day, caption: this.caption, signal });
      this.done.add(name);
      localStorage.setItem(DONE, [...this.done].join(' ').trim());
    } catch (error) {
      if (!stories || error instanceof stories.Stuck) setText(this.caption, 'The server does not answer in time, so the story ends here.');
      else if (!signal.aborted) throw error;
      else setText(this.caption, '');
    } finally {
      this.left.sync.loseAnswer(false);
      panels.forEach((panel, i) => {
        panel.setClock(before[i] / 60_000);
        panel.setOnline(true);
      });
      this.#notices = notices().filter((notice) => !shown.includes(notice));
      this.#playing = null;
      this.#draw();
      if (this.stop.hidden) this.buttons.find((button) => button.dataset.story === name).focus({ preventScroll: true });
    }
  }

  // #end stops the story that plays, or closes the last sentence.
  #end() {
    if (this.#playing) return this.#playing.abort();
    setText(this.caption, '');
    this.#clear();
    this.#draw();
    this.buttons[0].focus({ preventScroll: true });
  }

  // #clear closes the notices of a story before they cover the next one. An edit that the story has lost stays lost.
  #clear() {
    for (const notice of this.#notices) (notice.querySelector('.close') ?? notice.querySelector('[data-testid="loss-keep"]'))?.click();
  }
}

const notices = () => [...document.querySelectorAll('.notice')];
