// The page: two replicas, the network between them, and what they share.

import { startAppearance } from './appearance.js';
import { attempt, setText } from './dom.js';
import { DRAFT, drafts } from './draft.js';
import { fillFirst, hasNothing } from './example.js';
import { keepAll } from './leaving.js';
import { keepOffline } from './offline.js';
import { Panel } from './panel.js';
import { freeName, hasName, peopleOf, suggestPeople } from './people.js';
import { Replica } from './replica.js';
import { firstDay } from './rooms.js';
import { Events } from './server.js';
import { databaseOf, leftBehind, takeSlot } from './slot.js';
import { Storage } from './storage.js';
import { StoryBar } from './storybar.js';
import { Sync } from './sync.js';
import { State } from './syncstate.js';
import { startTooltip } from './why.js';

/** A Day is the day shown by both calendars. */
class Day extends EventTarget {
  value = firstDay();

  /** set changes the day. It ignores days before the year 0 and after the year 9999. */
  set(value) {
    const isDay = /^\d{4}-\d\d-\d\d$/.test(value);
    if (isDay) this.value = value;
    this.dispatchEvent(new Event('change'));
    return isDay;
  }
}

/**
 * place returns what the address of this tab names: the workspace, the invitation, the replicas, and whether a new
 * workspace gets the example.
 */
function place() {
  const query = new URLSearchParams(location.search);
  const workspace = query.get('workspace') || 'demo';
  const invite = new URLSearchParams(location.hash.slice(1)).get('invite') ?? undefined;
  const both = ['left', 'right'];
  const sides = both.includes(query.get('only')) ? [query.get('only')] : both;
  return { workspace, invite, sides, example: query.get('example') !== 'none' };
}

/** invitedAnew reloads the page, because a link that changes only the invitation does not. */
function invitedAnew(before) {
  const { invite } = place();
  if (invite !== undefined && invite !== before.invite) location.reload();
}

async function start() {
  startAppearance();
  const explainAgain = startTooltip();
  const here = place();
  addEventListener('hashchange', () => invitedAnew(here));
  const slot = await takeSlot(here);
  const replicas = await Promise.all(here.sides.map(async (side) =>
    Replica.open(side, await Storage.open(databaseOf(here.workspace, side, slot)))));
  keepAll(replicas);
  const network = new Network(replicas, here);
  const day = new Day();
  const panels = replicas.map((replica, i) => new Panel(replica, network.syncs[i], {
    day,
    who: peopleOf(replica, replicas),
    wire: document.querySelector(`.wire[data-side="${replica.side}"]`),
    jump: document.querySelector(`.jump [data-side="${replica.side}"]`),
  }));
  if (here.sides.length === 1) document.documentElement.dataset.only = here.sides[0];
  document.getElementById('loading').remove();
  document.getElementById('panels').append(...panels.map((p) => p.element));
  if (panels.length === 2) new StoryBar({ panels, day });
  panels.forEach((panel, i) => open(panel, replicas, explainAgain, i === 0 && here.example));
  panels[0].notices.tellLeft(await leftBehind(here, slot));
}

/**
 * open draws a panel and starts to sync. A new device fills in the example if it should, and if it finds nothing in
 * the workspace.
 */
function open(panel, replicas, explainAgain, example) {
  const { replica, sync, element } = panel;
  let first = example && !replica.joined;
  const began = performance.now();
  const people = document.getElementById('people');
  panel.onDrawn = (tables) => {
    if (tables.has('devices')) suggestPeople(people, replicas);
    explainAgain();
  };
  attempt(() => panel.draw());
  suggestPeople(people, replicas);
  sync.addEventListener('synced', () => {
    setTimeout(() => {
      element.dataset.firstSyncMs ??= Math.round(performance.now() - began);
      if (!hasName(replica) && !replica.isErased('devices', replica.device.clientId)) panel.rename(replica.device.name ?? freeName(replica));
      if (first && hasNothing(replica) && replica.membership.mayWrite('')) fillFirst(replica);
      first = false;
      ready(element, replicas.length);
    });
  });
  sync.start();
  if (replica.joined) ready(element, replicas.length);
}

/** ready marks the page, for tests, once all replicas are open and drawn. */
function ready(element, all) {
  element.dataset.open = 'true';
  const { dataset } = document.documentElement;
  if (dataset.ready || document.querySelectorAll('[data-open="true"]').length !== all) return;
  dataset.ready = 'true';
  keepOffline();
}

/** The network: what connects the replicas to the server, and how the page shows it. */
class Network {
  constructor(replicas, here) {
    this.up = null;
    this.seq = 0;
    this.syncs = replicas.map((replica, i) => new Sync(replica, new Events((news) => this.#hear(this.syncs[i], news)), here));
    for (const sync of this.syncs) sync.addEventListener('state', () => this.#see(sync.state));
    for (const replica of replicas) replica.addEventListener('change', () => this.#compareAgain());
    document.addEventListener(DRAFT, () => this.#compareAgain());
    const copy = document.getElementById('copy-link');
    // On another machine, a name such as localhost would lead to that machine.
    const near = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
    copy.title = near ? 'The link works on this machine, for example in another tab' : 'For another tab or another machine';
    copy.addEventListener('click', () => this.#copyLink(copy));
  }

  #hear(sync, { up, seq, first }) {
    if (up === undefined) return sync.hear();
    this.up = up;
    if (first) sync.refresh();
    if (up) {
      this.seq = first ? seq : Math.max(this.seq, seq);
      const differs = parseInt(sync.replica.cursor.split('.')[1], 10) !== seq; // the replica is behind, or the server has lost data
      if (differs) sync.hear();
      else if (sync.state === State.unreachable) sync.wake();
    } else if (sync.state === State.current) sync.wake();
    this.#draw();
  }

  /** #see derives the state of the server from the state of a replica. */
  #see(state) {
    if ([State.current, State.busy, State.slow, State.quota, State.full, State.confused, State.unauthorized, State.otherUser, State.notInvited, State.noWorkspace].includes(state)) this.up = true;
    if (state === State.unreachable) this.up = false;
    this.#draw();
    this.#compareSoon();
  }

  #draw() {
    const connected = this.syncs.some((s) => s.state !== State.offline);
    const state = !connected || this.up === null ? 'idle' : this.up ? 'up' : 'down';
    document.getElementById('server').dataset.state = state;
    const idle = connected ? 'Connecting' : 'Server · no device is online';
    setText(document.getElementById('server-text'), { idle, up: 'Server is reachable', down: 'Server is not answering' }[state]);
    if (this.seq > 0) setText(document.getElementById('server-seq'), this.seq === 1 ? '1 change so far' : `${this.seq} changes so far`);
  }

  // Until the digests are compared, the result is unknown.
  #compareAgain() {
    this.#tellEqual(drafts().length > 0 ? 'typing' : 'unknown');
    this.#compareSoon();
  }

  // The digests are compared after a moment without changes.
  #compareSoon() {
    clearTimeout(this.comparing);
    this.comparing = setTimeout(() => this.#tellEqual(this.#compare()), 250);
  }

  #compare() {
    const busy = [State.joining, State.pulling, State.pushing];
    if (drafts().length > 0) return 'typing';
    if (this.syncs.some((s) => !s.replica.joined || busy.includes(s.state))) return 'unknown'; // compared once all replicas are idle
    const [left, right = left] = this.syncs.map((s) => s.replica);
    const common = left.buckets.filter((bucket) => right.buckets.includes(bucket));
    this.digest = left.digest(common);
    if (this.digest !== right.digest(common)) return 'different';
    return common.length === left.buckets.length && common.length === right.buckets.length ? 'same' : 'common';
  }

  #tellEqual(result) {
    const equal = document.getElementById('equal');
    equal.dataset.equal = { same: 'true', common: 'true', unknown: '' }[result] ?? 'false';
    equal.title = equal.dataset.equal === 'true' ? `The digest of each side begins with ${this.digest.slice(0, 8)}` : '';
    setText(equal, { same: '✓ Both sides show the same board', common: '✓ The same board, except private projects', unknown: '…', different: '≠ The sides differ', typing: '✎ Something is not written yet' }[result]);
  }

  async #copyLink(button) {
    const link = location.href;
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(link);
      button.textContent = 'Copied';
    } catch {
      button.textContent = link; // no clipboard over plain HTTP
    }
    setTimeout(() => (button.textContent = before), 4000);
  }
}

start().catch((error) => {
  const loading = document.getElementById('loading');
  const text = `The page could not start. ${error.message ?? error}`;
  if (loading) loading.textContent = text;
  else document.getElementById('panels').prepend(text);
});
