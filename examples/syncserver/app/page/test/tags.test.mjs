// Tags and votes of a task: what is shown of any record, and how they are written for people.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import './fakes.mjs';

const { tagsOf, tooLong, votesOf } = await import('../static/tags.js');
const { fieldName, fieldNames, isElement, isNow, said } = await import('../static/words.js');
const { Undo } = await import('../static/undo.js');

const view = (fields) => ({ table: 'tasks', id: 't', data: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value === undefined ? { deleted: true } : { value }])) });

test('the tags of a task are sorted, whatever their script, and a field of a wrong form is apart', () => {
  assert.deepEqual(tagsOf(view({ title: 'x' })), { tags: [], wrong: [] });
  assert.deepEqual(tagsOf(view({ 'tag/b': true, 'tag/a/b': true, 'tag/😀': true, 'tag/שלום': true, 'tag/gone': undefined, tagged: 1, tag: 1, 'tags/x': 1 })), { tags: ['a/b', 'b', 'שלום', '😀'], wrong: [] });
  assert.deepEqual(tagsOf(view({ 'tag/b': 'text', 'tag/c': true, 'tag/a': false })), { tags: ['c'], wrong: ['a', 'b'] });
});

test('the votes of a task are added up, and one that is not a number is not hidden', () => {
  for (const [fields, votes] of [
    [{ title: 'x', votes: 7 }, ''], [{ 'votes/a': undefined }, ''], [{ 'votes/a': 1 }, '1'], [{ 'votes/a': 1, 'votes/b': 1, 'votes/c': -1, 'votes/d': undefined }, '1'],
    [{ 'votes/a': 1, 'votes/b': -1 }, '0'], [{ 'votes/a': 1, 'votes/b': 'text' }, '?'], [{ 'votes/a': 1.5 }, '?'], [{ 'votes/a': null }, '?'], [{ 'votes/a': 2 ** 53 }, '?'],
    [Object.fromEntries(Array.from({ length: 3 }, (_, i) => [`votes/${i}`, Number.MAX_SAFE_INTEGER])), '27021597764222973'],
  ]) assert.equal(votesOf(view(fields)), votes, JSON.stringify(fields));
});

test('a tag has at most 40 characters, counted as code points', () => {
  assert.equal(tooLong('😀'.repeat(40)), false);
  assert.equal(tooLong('x'.repeat(41)), true);
});

test('tags and votes are named for people', () => {
  assert.equal(fieldName('tag/urgent'), 'tag ‘urgent’');
  assert.equal(fieldName('tag/a/\u202eb'), 'tag ‘a/b’');
  assert.ok(fieldName(`tag/${'x'.repeat(900)}`).length < 90);
  assert.equal(fieldNames(['votes/a', 'title', 'votes/b']), 'votes, title');
  assert.deepEqual(['tag/a', 'votes/a', 'tag', 'votes', 'title'].map(isElement), [true, true, false, false, false]);
  assert.equal(said('tag/a', { value: true }), 'that it is there');
  assert.equal(said('tag/a', { deleted: true }), 'that it is removed');
  assert.equal(isNow('tag/a', { deleted: true }), 'It is now removed');
  assert.equal(isNow('tag/a', { value: true }), 'It is now there');
});

test('votes that were reset come back under new names; a tag and a vote are taken back', () => {
  const by = (write) => ({ ...write, clientId: 'ana' });
  const undo = (before, after) => {
    const edits = [];
    const replica = Object.assign(new EventTarget(), {
      device: { clientId: 'ana' }, tables: { tasks: new Map([['t', { table: 'tasks', id: 't', data: after }]]) }, newId: () => `new ${edits.length}`,
      edit: (table, id, fields) => edits.push(fields),
    });
    const button = { contains: () => false, setAttribute(name, value) { this[name] = value; }, addEventListener() {} };
    const u = new Undo(replica, { button, panel: new EventTarget(), who: () => ({ name: 'Ben' }), notices: {} });
    u.remember({ table: 'tasks', id: 't', fields: Object.keys(after), before, after });
    const label = button.title;
    u.undo();
    return [label, ...edits];
  };
  assert.deepEqual(undo({ 'votes/a': { value: 1 }, 'votes/b': { value: 'text' } }, { 'votes/a': by({ deleted: true }), 'votes/b': by({ deleted: true }) }), ['Undo: the votes of a task', { 'votes/new 0': 1 }]);
  assert.deepEqual(undo({ 'votes/a': { value: 'text' } }, { 'votes/a': by({ deleted: true }) }), ['Undo: the votes of a task']);
  assert.deepEqual(undo({ 'tag/x': { value: 1 } }, { 'tag/x': by({ deleted: true }) }), ['Undo: the tag ‘x’ of a task']);
  assert.deepEqual(undo({}, { 'votes/a': by({ value: 1 }) }), ['Undo: the votes of a task', { 'votes/a': null }]);
  assert.deepEqual(undo({}, { 'tag/x': by({ value: true }) }), ['Undo: the tag ‘x’ of a task', { 'tag/x': null }]);
  assert.deepEqual(undo({ 'tag/x': { value: true } }, { 'tag/x': by({ deleted: true }) }), ['Undo: the tag ‘x’ of a task', { 'tag/x': true }]);
});
