// One replica on the page: its switch, its clock, and everything that it shows.

import { Board } from './board.js';
import { Calendar } from './calendar.js';
import { Departures } from './departures.js';
import { closeOutside, parts, saveFile, setText } from './dom.js';
import { Draft, commitAll } from './draft.js';
import { fillAgain } from './example.js';
import { forgetKept, joined, keep, kept } from './log.js';
import { message } from './motion.js';
import { Notices } from './notices.js';
import { Outbox } from './outbox.js';
import { Projects } from './projects.js';
import { BAD, STATES, WIRE } from './statewords.js';
import { State } from './syncstate.js';
import { Violations } from './violations.js';
import { NOTICEABLE, edits, span, timeOf } from './words.js';

const MINUTE = 60_000;
const PATIENCE = 400; // milliseconds after which the page shows that a request is under way
const LONG_PULL = 1000; // milliseconds between drawings during a long pull

export class Panel {
  #changed = { tables: new Set(), tasks: new Map() };
  #drawing = 0;
  #drawnAt = -LONG_PULL; // the last drawing during a pull; what a pull brings first is drawn at once
  #telling = 0;

  /** @param {{who, day, wire, jump}} page what the two panels share, and the wire of this panel */
  constructor(replica, sync, { who, day, wire, jump }) {
    this.replica = replica;
    this.sync = sync;
    this.who = who;
    this.wire = wire;
    this.jump = jump;
    this.element = document.getElementById('panel-template').content.cloneNode(true).firstElementChild;
    this.element.id = replica.side;
    this.element.dataset.replica = replica.side;
    this.part = parts(this.element);
    this.part.rooms.id = `${replica.side}-rooms`;
    this.part['skip-tasks'].href = `#${replica.side}-rooms`;
    this.board = new Board(replica, who, this.part);
    this.calendar = new Calendar(replica, who, this.part, day);
    this.violations = new Violations(replica, this.part.violations);
    this.outbox = new Outbox(replica, this.part);
    this.notices = new Notices(replica, who, this.part.notices, { rejoin: () => this.#rejoin() });
    this.departures = new Departures(replica, (notice) => this.notices.tell(notice));
    this.projects = new Projects(replica, sync, { who, part: this.part, news: this.departures, tell: (notice) => this.notices.tell(notice) });
    this.earlier = kept(replica.side);
    keep(replica.side, () => this.#log());
    this.#edit();
    this.#listen();
    this.#tellLosses();
    this.#drawClock();
    this.#drawProgram();
    this.#drawSwitch();
    this.#drawJoined();
    this.#drawTime();
    setInterval(() => this.#drawTime(), 1000);
    setInterval(() => replica.joined && replica.checkViolations(), MINUTE / 2);
  }

  /** #edit lets the user change the name and the clock of the device. */
  #edit() {
    const { replica, part } = this;
    this.name = new Draft(part.name, {
      required: true,
      seen: () => this.#named()?.data.name ?? null,
      ready: () => replica.joined,
      write: (text, seen) => this.rename(text, { name: seen }),
    });
    this.minutes = new Draft(part.minutes, { required: true, write: (text) => this.#setClock(Number(text)) });
    part.clock.addEventListener('change', () => this.#setClock(Number(part.clock.value === 'custom' ? part.minutes.value : part.clock.value)));
  }

  // The log goes on from the one that was kept when the page was loaded again.
  #log() {
    return joined(this.earlier, this.replica.log());
  }

  #named() {
    return this.replica.tables.devices.get(this.replica.device.clientId);
  }

  #listen() {
    const { replica, sync, part } = this;
    replica.addEventListener('change', (event) => this.#changedBy(event.detail));
    replica.addEventListener('saving', () => (this.element.dataset.saved = 'false'));
    replica.addEventListener('saved', () => (this.element.dataset.saved = 'true'));
    replica.addEventListener('change', () => this.#tellLosses());
    replica.addEventListener('edit', ({ detail }) => this.#remember(detail));
    replica.addEventListener('membership', () => this.#changedBy({ tables: ['projects'], changed: [] }));
    replica.addEventListener('notice', ({ detail: { code } }) => ['forbidden', 'read_only'].includes(code) && sync.refresh());
    sync.addEventListener('state', () => this.#stateChanged());
    sync.addEventListener('fetched', () => this.departures.look());
    sync.addEventListener('sent', () => message(this.wire));
    sync.addEventListener('received', () => message(this.wire, true));
    sync.addEventListener('synced', () => this.#drawing && this.#drawChanged());
    sync.addEventListener('leaving', () => {
      commitAll(this.element);
      this.departures.unsure();
    });
    part.online.addEventListener('click', () => this.setOnline(part.online.getAttribute('aria-checked') !== 'true'));
    part.reset.addEventListener('click', () => this.#reset());
    part.log.addEventListener('click', () => saveFile(`client-log-${replica.device.clientId ?? 'none'}.jsonl`, this.#log()));
    part.program.addEventListener('change', () => this.#use(part.program.value));
    part.example.addEventListener('click', () => {
      fillAgain(replica);
      part['add-title'].focus(); // because the button disappears
    });
    for (const drop of this.element.querySelectorAll('.drop')) closeOutside(drop);
  }

  // Few devices lose edits, so the script of the notices is loaded for the first one. The next change tries again if it
  // cannot be loaded.
  async #tellLosses() {
    if (this.replica.losses.length === 0 || this.losses) return;
    this.losses = true;
    try {
      const { Losses } = await import('./losses.js');
      new Losses(this.replica, this.who, this.notices);
    } catch {
      this.losses = false;
    }
  }

  // The script that undoes is loaded for the first edit of a record. An edit cannot be undone if it cannot be loaded. A new
  // record has nothing to go back to, and can be deleted.
  async #remember(edit) {
    if (!edit.before || !edit.after) return;
    if (!this.undo) {
      const late = await (this.undoScript ??= import('./undo.js').catch(() => null)); // one promise for all, so the edits keep their order
      this.undoScript = null;
      if (!late) return;
      this.undo ??= new late.Undo(this.replica, { button: this.part.undo, panel: this.element, who: this.who, notices: this.notices });
    }
    this.undo.remember(edit);
  }

  /** rename writes the name of the device as a record that every member can read. */
  rename(name, seen) {
    return this.replica.edit('devices', this.replica.device.clientId, { name }, seen);
  }

  /** setOnline switches the connection of the device. */
  setOnline(online) {
    this.replica.setOnline(online);
    if (online) this.sync.start();
    else this.sync.stop();
    this.#drawSwitch();
  }

  /** setClock sets by how many minutes the clock of the device is ahead. */
  setClock(minutes) {
    this.#setClock(minutes);
    this.#drawClock();
  }

  #setClock(minutes) {
    this.part['minutes-field'].hidden = this.part.clock.value !== 'custom';
    this.replica.setSkew(minutes * MINUTE);
    this.#drawTime();
    return true;
  }

  /** #use makes another program merge on this side. */
  async #use(name) {
    const { program } = this.part;
    program.disabled = true;
    setText(this.part.state, 'Loading the replica…');
    try {
      await this.replica.use(name, () => {
        commitAll(this.element);
        this.sync.stop();
      });
    } catch (error) {
      this.notices.add(`The replica could not be loaded. ${error.message}`, { bad: true, kind: 'not_loaded' });
    }
    program.disabled = false;
    this.#drawProgram();
    this.setOnline(this.replica.device.online);
    this.draw();
  }

  async #reset() {
    this.sync.stop();
    try {
      await this.replica.forget();
    } catch (error) {
      this.notices.add(`This replica could not be reset: ${error.message}`, { bad: true, kind: 'not_reset' });
      return this.sync.start();
    }
    this.part.notices.replaceChildren();
    this.departures.forget();
    this.earlier = '';
    forgetKept(this.replica.side);
    this.setOnline(true);
    for (const drop of this.element.querySelectorAll('.drop')) drop.open = false;
    this.draw();
  }

  /** #joinAgain rejoins a device that the server has forgotten. Unsent edits are kept. */
  async #joinAgain() {
    commitAll();
    this.sync.stop();
    await this.replica.leave().catch(() => {}); // the device stays as it is, and the button is offered again
    this.setOnline(true);
    this.draw();
  }

  async #rejoin() {
    commitAll();
    this.sync.stop();
    this.replica.device.token = null;
    this.setOnline(true);
  }

  // Changes are drawn in batches: soon after an edit, and now and then during a long pull.
  #changedBy({ tables, changed }) {
    for (const table of tables) this.#changed.tables.add(table);
    for (const view of changed) if (view.table === 'tasks') this.#changed.tasks.set(view.id, view);
    if (this.sync.progress) {
      this.#drawing ||= setTimeout(() => this.#drawChanged(), this.#drawnAt + LONG_PULL - performance.now());
    } else {
      clearTimeout(this.#drawing);
      this.#drawing = setTimeout(() => this.#drawChanged());
    }
  }

  #drawChanged() {
    clearTimeout(this.#drawing);
    this.#drawing = 0;
    if (this.sync.progress) this.#drawnAt = performance.now();
    const { tables, tasks } = this.#changed;
    this.#changed = { tables: new Set(), tasks: new Map() };
    if (tables.has('devices') || tables.has('projects')) this.draw();
    else {
      if (tables.has('tasks')) this.board.draw([...tasks.values()], !this.sync.progress);
      if (tables.has('meetings') || tables.has('violations')) this.#drawRooms();
      this.outbox.draw();
      this.#drawWire();
    }
    this.onDrawn?.(tables);
  }

  /** draw redraws everything, for example after a device was renamed. */
  draw() {
    const { name, letter } = this.who(this.replica.device.clientId);
    setText(this.part.heading, name);
    this.element.setAttribute('aria-label', name);
    this.part.online.setAttribute('aria-label', `${name} is online`);
    for (const section of this.element.querySelectorAll('[data-label]')) section.setAttribute('aria-label', `${section.dataset.label}, ${name}`);
    this.name.draw(name);
    setText(this.part.badge, letter);
    setText(this.jump, name);
    this.board.draw([...this.replica.tables.tasks.values()]);
    this.projects.draw();
    this.#drawRooms();
    this.outbox.draw();
    this.#drawWire();
  }

  #drawRooms() {
    this.calendar.draw();
    this.violations.draw();
  }

  #drawSwitch() {
    const { online } = this.replica.device;
    this.part.online.setAttribute('aria-checked', String(online));
    setText(this.part['online-text'], online ? 'Online' : 'Offline');
    this.element.dataset.online = online;
    this.#drawState();
  }

  #drawClock() {
    const minutes = this.replica.device.skew / MINUTE;
    const known = [...this.part.clock.options].some((o) => o.value === String(minutes));
    this.part.clock.value = known ? String(minutes) : 'custom';
    this.minutes.draw(known ? '5' : String(minutes));
    this.part['minutes-field'].hidden = known;
  }

  #drawProgram() {
    this.part.program.value = this.replica.device.program ?? 'javascript';
  }

  #drawTime() {
    const { ahead, offset } = this.replica;
    const off = Math.abs(ahead) < NOTICEABLE ? '' : `Clock ${span(Math.abs(ahead))} ${ahead < 0 ? 'behind' : 'ahead'}`;
    setText(this.part.time, timeOf(this.replica.now()));
    setText(this.part.off, off && offset !== 0 ? `${off}, corrected` : off);
  }

  // States that pass in an instant are not shown, or the text would flicker.
  #stateChanged() {
    const passing = [State.pulling, State.pushing].includes(this.sync.state);
    if (passing) this.#telling ||= setTimeout(() => this.#drawState(), PATIENCE);
    else this.#drawState();
    this.element.dataset.sync = this.sync.state;
    this.#drawJoined();
    if (this.sync.state === State.unauthorized) this.#offerToJoin();
    else this.closeOffer?.();
  }

  /** #drawJoined disables editing until the device has a client ID. */
  #drawJoined() {
    for (const section of this.element.querySelectorAll('section')) section.inert = !this.replica.joined;
    this.part.name.disabled = !this.replica.joined;
  }

  #drawState() {
    clearTimeout(this.#telling);
    this.#telling = 0;
    const { state, progress } = this.sync;
    this.part.progress.hidden = progress === null;
    if (progress) this.part.progress.value = progress.reached / progress.last;
    setText(this.part.state, STATES[state]);
    this.part.state.dataset.tone = BAD.includes(state) ? 'bad' : '';
    this.#drawWire();
  }

  #drawWire() {
    const { waiting } = this.replica;
    const { state } = this.sync;
    const away = WIRE[state] ?? (BAD.includes(state) ? 'no connection' : null);
    this.wire.dataset.state = away ? 'offline' : 'online';
    setText(this.wire.firstElementChild, waiting > 0 ? `${away ?? 'sending'} · ${edits(waiting)} waiting` : away ?? '');
  }

  #offerToJoin() {
    this.closeOffer?.();
    this.closeOffer = this.notices.add(
      'The server no longer knows this device; perhaps its data was replaced. To go on, join again: the server’s data then replaces the data on this device, but unsent edits are kept, and sent.',
      { bad: true, kind: 'unauthorized', button: { text: 'Join again', act: () => this.#joinAgain() } });
  }
}
