// The tables and the buckets of the board, as in app/board: each private project has a bucket, and everything else is in
// the bucket ''.

/** TABLES are the tables whose records the page shows. The server writes the table imports. */
export const TABLES = ['tasks', 'projects', 'meetings', 'devices', 'imports'];

/** ALL_TABLES are the tables of the board. */
export const ALL_TABLES = [...TABLES, 'users', 'violations'];

const PRIVATE = 'private-';
const PROJECT = 'project/';

/** isPrivate reports whether a value of the field project names a private project. */
export const isPrivate = (project) => typeof project === 'string' && project.startsWith(PRIVATE);

/** newProject returns the ID of a private project, made of an ID that no other record has. */
export const newProject = (id) => PRIVATE + id;

/** bucketOf returns the bucket of a project. */
export const bucketOf = (project) => (isPrivate(project) ? PROJECT + project : '');

/**
 * isShared reports whether a bucket is for all devices of its members. The others, such as client/7f3c…+, have the rows
 * of lost edits of one device.
 */
export const isShared = (bucket) => bucket === '' || bucket.startsWith(PROJECT);

/** projectIn returns the private project of a bucket. */
export const projectIn = (bucket) => bucket.slice(PROJECT.length);
