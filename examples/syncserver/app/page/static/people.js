// The name, the letter and the colour of each client.

import { firstLetter, plain } from './words.js';

const NAMES = {
  left: ['Ana’s phone', 'Cleo’s phone', 'Eva’s phone', 'Gus’s phone', 'Ida’s phone', 'Kim’s phone'],
  right: ['Ben’s laptop', 'Dan’s laptop', 'Finn’s laptop', 'Hana’s laptop', 'Jon’s laptop', 'Lea’s laptop'],
};

const nameIn = (replica, id, table = 'devices') => {
  const name = replica.tables[table]?.get(id)?.data.name?.value;
  return typeof name === 'string' && plain(name).trim() !== '' ? plain(name) : null;
};

/**
 * peopleOf returns a function that describes a client ID as a replica knows it: a device, or an import.
 * @param replica the replica that knows the names
 * @param {object[]} replicas the replicas of the page, which have colours of their own
 */
export function peopleOf(replica, replicas) {
  return (id) => {
    const own = id === undefined ? replica : replicas.find((r) => r.device.clientId === id); // without an ID: it has not joined yet
    const source = nameIn(replica, id, 'imports');
    const name = source ?? nameIn(replica, id) ?? (own ? NAMES[own.side][0] : `Device ${(id ?? '').slice(0, 4)}`);
    return { name, letter: firstLetter(name), side: own?.side ?? 'other', imported: source !== null };
  };
}

/** freeName returns a name for a new device that no device known to the replica has. */
export function freeName(replica) {
  const taken = new Set([...replica.tables.devices.keys()].map((id) => nameIn(replica, id)));
  const names = NAMES[replica.side];
  for (let n = 1; ; n++) {
    const free = names.map((name) => (n === 1 ? name : `${name} ${n}`)).find((name) => !taken.has(name));
    if (free) return free;
  }
}

/** hasName reports whether a replica's own device has a name. */
export const hasName = (replica) => nameIn(replica, replica.device.clientId) !== null;

/** suggestPeople fills the list of people to whom a task can be assigned. */
export function suggestPeople(list, replicas) {
  const names = new Set();
  for (const replica of replicas) {
    for (const id of replica.tables.devices.keys()) names.add(nameIn(replica, id)?.split(/['’]s /)[0]);
  }
  names.delete(undefined);
  list.replaceChildren(...[...names].sort().map((name) => new Option(name, name)));
}
