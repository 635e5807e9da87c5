// Tells a user what has changed between two pulls about the projects and tasks that the user may see.

import { projectName, value } from './words.js';

export class Departures {
  #before = null; // the membership, the names of the projects, and the project of each task, after the last pull
  #own = new Set(); // the projects whose membership the user is changing here, so that the user is not told

  /** @param {(notice: object) => void} tell */
  constructor(replica, tell) {
    this.replica = replica;
    this.tell = tell;
    if (replica.joined) this.#remember();
  }

  /** own runs a change of membership that the user makes here. */
  async own(project, change) {
    this.#own.add(project);
    try {
      await change();
      this.#remember();
    } finally {
      this.#own.delete(project);
    }
  }

  /** unsure forgets the tasks, because a reset takes them away, perhaps for other reasons. */
  unsure() {
    this.#before?.tasks.clear();
  }

  /** forget begins again, because the device has become another user. */
  forget() {
    this.#before = null;
  }

  /** look tells what has changed since the last look. */
  look() {
    const before = this.#before;
    this.#remember();
    if (!before) return;
    const { membership } = this.replica;
    if (before.membership.known) this.#tellProjects(before, membership);
    const left = [...before.tasks].filter(([id, project]) => !this.#isHere(id) && membership.roleIn(project)); // tasks of a project that was left need no notice
    if (left.length > 0) this.tell({ kind: 'tasks_left', items: left.length });
  }

  #isHere(id) {
    return this.replica.tables.tasks.has(id) || this.replica.isErased('tasks', id);
  }

  #tellProjects(before, after) {
    for (const project of new Set([...before.membership.projects, ...after.projects])) {
      const [was, role] = [before.membership.roleIn(project), after.roleIn(project)];
      if (was === role || this.#own.has(project)) continue;
      const name = role ? projectName(this.replica, project) : before.names.get(project);
      this.tell({ kind: !role ? 'project_left' : was ? 'role_changed' : 'project_joined', name, role });
    }
  }

  // A task with waiting edits is not remembered: the answer to the edits tells what becomes of it.
  #remember() {
    const { replica } = this;
    const { membership } = replica;
    const shown = [...replica.tables.tasks.values()].filter((v) => !v.deleted && v.waiting.length === 0);
    this.#before = {
      membership,
      names: new Map(membership.projects.map((project) => [project, projectName(replica, project)])),
      tasks: new Map(shown.map((v) => [v.id, value(v, 'project')])),
    };
  }
}
