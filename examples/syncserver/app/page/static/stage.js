// What a story may do on the page: speak to the reader, and use both devices as people do.

import { setText } from './dom.js';
import { COMMIT } from './draft.js';
import { still } from './motion.js';
import { pause } from './server.js';

const PATIENCE = 20_000; // milliseconds that a story waits for the devices

/** Stuck means that the devices did not do what a story waits for, for example without a server. */
export class Stuck extends Error {}

export class Stage {
  /** @param {{left, right, day, caption, signal}} page both panels, the shown day, where to speak, and when to stop */
  constructor({ left, right, day, caption, signal }) {
    Object.assign(this, { left, right, day, caption, signal });
    this.panels = [left, right];
    this.pace = Number(document.documentElement.dataset.pace ?? 1); // tests play faster
  }

  /** name returns what a device is called. */
  name(panel) {
    return panel.who(panel.replica.device.clientId).name;
  }

  /** say shows a sentence for as long as it takes to read it. */
  async say(text) {
    setText(this.caption, text);
    await this.rest(1000 + 28 * text.length);
  }

  async rest(milliseconds) {
    await pause(milliseconds / this.pace, this.signal).done;
    this.signal.throwIfAborted();
  }

  /** until waits for a condition. It rejects with Stuck if the condition does not come true. */
  async until(condition) {
    for (let waited = 0; !condition(); waited += 50) {
      if (waited > PATIENCE) throw new Stuck();
      await pause(50, this.signal).done;
      this.signal.throwIfAborted();
    }
  }

  /** offline takes devices off the network, and online puts them back. */
  offline(...panels) {
    for (const panel of panels) panel.setOnline(false);
  }

  online(...panels) {
    for (const panel of panels) panel.setOnline(true);
  }

  /** settled waits until the devices have sent and fetched everything, and show the same value of a field. */
  async settled(table, id, field) {
    const value = ({ replica }) => JSON.stringify(replica.tables[table].get(id)?.data[field]?.value ?? null);
    await this.until(() => this.panels.every((p) => p.replica.waiting === 0 && p.sync.state === 'current') && value(this.left) === value(this.right));
  }

  /** task returns the ID of a task that both devices show. It is made for the stories, and used again by the next one. */
  async task() {
    const { replica } = this.left;
    const own = [...replica.tables.tasks.values()].find((view) => !view.deleted && TITLES.includes(view.data.title?.value));
    const id = own?.id ?? replica.newId();
    if (!own) replica.edit('tasks', id, { title: TITLES[0], status: 'todo' });
    await this.settled('tasks', id, 'title');
    await this.until(() => this.panels.every((p) => this.control(p, id)));
    return id;
  }

  /** control returns the title of a record on a panel. */
  control(panel, id) {
    return panel.element.querySelector(`[data-id="${id}"] .title`);
  }

  /** rename types a title where the reader can see it, and writes it. */
  async rename(panel, id, title) {
    const control = this.control(panel, id);
    if (!control) throw new Stuck();
    this.show(control);
    const before = document.activeElement;
    control.focus({ preventScroll: true }); // a control without the focus writes a text before it is complete
    const typed = still() ? [title] : [...title].map((_, i) => title.slice(0, i + 1));
    for (const text of typed) {
      control.value = text;
      control.dispatchEvent(new Event('input', { bubbles: true }));
      await this.rest(50);
    }
    control.dispatchEvent(new Event(COMMIT));
    before.focus({ preventScroll: true });
  }

  /** show scrolls to what an element belongs to, and points at it for a moment. */
  show(target, behavior = still() ? 'instant' : 'smooth') {
    const place = target.closest('.card, .meeting, .violation, .field') ?? target;
    const block = innerWidth > 900 ? 'nearest' : 'center'; // on a narrow screen, the sentence covers the top
    place.scrollIntoView({ block, inline: 'nearest', behavior });
    place.classList.add('pointed');
    setTimeout(() => place.classList.remove('pointed'), 2500);
  }

  /**
   * explain says a sentence while the mark of a field explains itself. Scrolling would hide the explanation, so it comes
   * first, and its event comes with the next frame.
   */
  async explain(panel, id, field, text) {
    const mark = panel.element.querySelector(`[data-id="${id}"] [data-testid="why"][data-field="${field}"]`);
    setText(this.caption, text); // its height may move the page
    this.show(mark, 'instant');
    let drawn = false;
    requestAnimationFrame(() => requestAnimationFrame(() => (drawn = true)));
    await this.until(() => drawn || document.hidden); // a hidden page has no frames, and its devices must not wait for one
    this.signal.throwIfAborted();
    mark.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
    await this.say(text);
  }
}

/** TITLES are the titles that the stories give to their task. */
export const TITLES = ['Paint the door', 'Paint the door blue', 'Paint the door red', 'Paint the door white', 'Paint the door green'];
