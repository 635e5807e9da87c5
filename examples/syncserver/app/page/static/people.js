// Who is who: the name, the letter and the colour of a client.

import { firstLetter } from './words.js';

const NAMES = {
  left: ['Ana’s phone', 'Cleo’s phone', 'Eva’s phone', 'Gus’s phone', 'Ida’s phone', 'Kim’s phone'],
  right: ['Ben’s laptop', 'Dan’s laptop', 'Finn’s laptop', 'Hana’s laptop', 'Jon’s laptop', 'Lea’s laptop'],
};

const nameIn = (replica, id) => {
  const name = replica.tables.devices.get(id)?.data.name?.value;
  return typeof name === 'string' && name.trim() !== '' ? name : null;
};

/**
 * peopleOf returns a function that tells of a client ID what a replica knows.
 * @param replica the one that tells
 * @param {object[]} replicas those of the page, which have a colour of their own
 */
export function peopleOf(replica, replicas) {
  return (id) => {
    const own = id === undefined ? replica : replicas.find((r) => r.device.clientId === id); // it has not joined yet
    const name = nameIn(replica, id) ?? (own ? NAMES[own.side][0] : `Device ${(id ?? '').slice(0, 4)}`);
    return { name, letter: firstLetter(name), side: own?.side ?? 'other' };
  };
}

/** freeName returns a name for a new device that no other has, as far as a replica knows. */
export function freeName(replica) {
  const taken = new Set([...replica.tables.devices.keys()].map((id) => nameIn(replica, id)));
  const names = NAMES[replica.side];
  for (let n = 1; ; n++) {
    const free = names.map((name) => (n === 1 ? name : `${name} ${n}`)).find((name) => !taken.has(name));
    if (free) return free;
  }
}

/** hasName says whether a replica's own device is named. */
export const hasName = (replica) => nameIn(replica, replica.device.clientId) !== null;

/** suggestPeople fills the list of people whom a task can be given to. */
export function suggestPeople(list, replicas) {
  const names = new Set();
  for (const replica of replicas) {
    for (const id of replica.tables.devices.keys()) names.add(nameIn(replica, id)?.split(/['’]s /)[0]);
  }
  names.delete(undefined);
  list.replaceChildren(...[...names].sort().map((name) => new Option(name, name)));
}
