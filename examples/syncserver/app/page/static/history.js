// The history of a field, as the server draws it from its journal: a dialog over the page. This script and its style are
// loaded when the first history is shown.

import { ask } from '../../../../client/requests.js';
import { element, options, setText } from './dom.js';
import { fieldName, isVote, titleOf } from './words.js';

const LONGEST = 100; // bytes of a name
const MOST = 100; // names of a request

/**
 * show opens the dialog. When it is closed, the focus goes back to the element that opened it.
 * @param {{replica, who, view, field: string, from: HTMLElement}} what
 */
export async function show(what) {
  await dressed();
  if (!document.querySelector('.history')) new Dialog(what); // a second click may come before the dialog
}

// dressed waits for the style. It is a file, because the policy of the page forbids styles in the page itself.
function dressed() {
  const href = 'page/history.css';
  if (document.querySelector(`link[href="${href}"]`)) return null;
  return new Promise((resolve) => document.head.append(element('link', { rel: 'stylesheet', href, onload: resolve, onerror: resolve })));
}

class Dialog {
  #abort = new AbortController();
  #asking = 0; // the number of the last request

  constructor({ replica, who, view, field, from }) {
    Object.assign(this, { replica, who, view });
    this.fields = element('select', { 'data-testid': 'history-field', onchange: () => this.#load() });
    this.told = element('p', { role: 'status', 'data-testid': 'history-told' });
    this.figure = element('div', { 'data-testid': 'history-figure' });
    options(this.fields, Object.keys(view.data).filter((name) => !isVote(name)).sort().map((name) => [name, fieldName(name)]));
    this.fields.value = field;
    const close = element('button', { type: 'button', 'data-testid': 'history-close', onclick: () => this.element.close() }, 'Close');
    this.element = element('dialog', { class: 'history', 'aria-labelledby': 'history-title', 'data-testid': 'history' },
      element('header', {}, element('h2', { id: 'history-title', dir: 'auto' }, `History of ${titleOf(view)}`), close),
      element('label', {}, 'Field ', this.fields), this.told, this.figure);
    this.element.addEventListener('close', () => {
      this.#abort.abort();
      this.element.remove();
      (from.isConnected ? from : document.getElementById('panels')).focus({ preventScroll: true });
    });
    document.body.append(this.element);
    this.element.showModal();
    this.#load();
  }

  async #load() {
    const asking = ++this.#asking;
    this.figure.replaceChildren();
    setText(this.told, 'Asking the server …');
    const [told, figure] = await this.#answer();
    if (asking !== this.#asking || !this.element.open) return;
    setText(this.told, told);
    this.figure.replaceChildren(...(figure ? [figure] : []));
  }

  // #answer returns what to say, and the drawing if there is one.
  async #answer() {
    if (!this.replica.device.online) return ['This device is offline, and only the server has the history.'];
    try {
      return ['Values are left out, and so are edits that wait in an outbox.', parsed(await this.#ask())];
    } catch (error) {
      return [reason(error)];
    }
  }

  async #ask() {
    const { view: { table, id }, replica: { device, tables } } = this;
    const query = new URLSearchParams({ table, id, field: this.fields.value, zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
    for (const client of new Set([device.clientId, ...[...tables.devices.keys(), ...tables.imports.keys()].slice(1 - MOST)])) query.append('name', `${client}:${this.#nameOf(client)}`);
    const answer = await ask({ token: device.token, signal: this.#abort.signal }, `v1/history?${query}`);
    return answer.text();
  }

  #nameOf(client) {
    return shortened(this.who(client).name, LONGEST) || client.slice(0, 8);
  }
}

/** shortened returns as much of the beginning of a text as fits into some bytes. */
function shortened(text, bytes) {
  const encoder = new TextEncoder();
  const { read } = encoder.encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

// The server has escaped what users wrote. The page takes only what a drawing and a table need.
const TAGS = new Set('div p span h2 figure table thead tbody tr th td time svg g text path rect circle line polygon'.split(' '));

/** parsed returns the elements of an answer. */
function parsed(text) {
  const figure = new DOMParser().parseFromString(text, 'text/html').querySelector('.tl');
  const all = [...(figure?.querySelectorAll('*') ?? [])];
  const safe = all.every((e) => TAGS.has(e.localName) && [...e.attributes].every(({ name }) => !name.startsWith('on') && !name.endsWith('href')));
  if (!figure || !safe) throw new Error('the answer is not a drawing');
  return document.importNode(figure, true);
}

/** reason says why there is no drawing. */
function reason({ name, status, code, message }) {
  if (code === 'no_history') return `There is no history: ${message}.`;
  if (code === 'not_found') return 'There is no history: this server does not have histories.';
  if (code === 'unknown_record') return 'There is no history yet: the server does not have it, or you may no longer read it.';
  if (name === 'Refused' && status !== 503) return `The server refuses: ${message}.`;
  return 'The server does not answer now. Try it again later.';
}
