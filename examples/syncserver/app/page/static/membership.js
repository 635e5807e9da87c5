// What the server last told a device about its user: the private projects, their members, and the
// roles. The server decides; the page only does not offer what the server would refuse.

import { bucketOf, isPrivate, projectIn } from './buckets.js';
import { projectName, value } from './words.js';

const WRITERS = ['writer', 'owner'];

/** A Membership never changes: the next answer of the server makes another one. */
export class Membership {
  /** @param {{user?: string, members?: {user: string, bucket: string, role: string}[]}} [told] */
  constructor({ user, members = [] } = {}) {
    this.user = user;
    this.members = members;
    this.roles = new Map(members.filter((m) => m.user === user).map((m) => [m.bucket, m.role]));
    if (user === undefined) this.roles.set('', 'writer'); // the role of a new user, until the server has told it
  }

  /** known reports whether the server has told anything yet. */
  get known() {
    return this.user !== undefined;
  }

  /** projects returns the IDs of the private projects of the user. */
  get projects() {
    return [...this.roles.keys()].filter((bucket) => bucket !== '').map(projectIn);
  }

  /** everyone returns the users of the workspace. */
  get everyone() {
    return this.members.filter((m) => m.bucket === '').map((m) => m.user);
  }

  /** membersOf returns the members of a private project. */
  membersOf(project) {
    return this.members.filter((m) => m.bucket === bucketOf(project));
  }

  /** roleIn returns the role of the user in a project, or undefined if the user is not a member. */
  roleIn(project) {
    return this.roles.get(bucketOf(project));
  }

  /** mayWrite reports whether the user may change the records of a project. */
  mayWrite(project) {
    return WRITERS.includes(this.roleIn(project));
  }

  /** saved returns what the device keeps: everything but the other users of the workspace. */
  get saved() {
    return { user: this.user, members: this.members.filter((m) => m.bucket !== '' || m.user === this.user) };
  }
}

/** projectOf returns the project of a task, or '' if it has none. */
export function projectOf(view) {
  const project = value(view, 'project');
  return typeof project === 'string' ? project : '';
}

/** mayChange reports whether the user of a replica may change a task or a meeting. */
export const mayChange = (replica, view) => replica.membership.mayWrite(projectOf(view));

/**
 * targets returns the projects into which the user of a replica may put a task, as pairs of an ID and
 * a text. The current project is always one of them.
 */
export function targets(replica, current) {
  const { membership } = replica;
  const own = membership.projects.filter((p) => membership.mayWrite(p)).map((p) => [p, projectName(replica, p)]);
  own.sort(([, a], [, b]) => (a < b ? -1 : 1));
  const all = membership.mayWrite('') ? [['', EVERYONE], ...own] : own;
  if (all.some(([p]) => p === current)) return all;
  return [...all, [current, isPrivate(current) ? projectName(replica, current) : current || EVERYONE]];
}

const EVERYONE = 'Everyone';
