// Drawing data of other members, which may be anything that the server admits.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Element } from './fakes.mjs';

const { attempt } = await import('../static/dom.js');
const { NoticeWords } = await import('../static/noticewords.js');
const { Notices } = await import('../static/notices.js');
const { nextFree, slotOf } = await import('../static/rooms.js');

const meeting = (value) => ({ data: { slot: { value } } });
const good = { room: 'Room A', start: '2026-03-07T10:00:00Z', end: '2026-03-07T11:00:00Z' };

test('a slot is read only if all of its parts are readable', () => {
  assert.deepEqual(slotOf(meeting(good)), good);
  assert.ok(slotOf(meeting({ ...good, start: '2026-03-07T10:00Z' })));
  for (const bad of [
    null, 7, 'Room A', {}, { ...good, room: 1 },
    { ...good, start: 0 }, { ...good, end: 0 }, { ...good, start: 'March 7' }, { ...good, end: 'March 7' },
    { ...good, start: ['2026-03-07T10:00:00Z'] }, { ...good, start: '2026-99-99T10:00:00Z' }, { ...good, start: '2026-03-07' },
  ]) assert.equal(slotOf(meeting(bad)), null, JSON.stringify(bad));
  assert.equal(slotOf({ data: {} }), null);
});

test('there is a free hour after a slot, and none after the year 9999', () => {
  const far = { room: 'Room A', start: '9999-03-07T10:00:00Z', end: '9999-03-07T11:00:00Z' };
  assert.equal(nextFree(far, [meeting(far)]).start, '9999-03-07T11:00:00Z');
  assert.equal(nextFree({ ...far, start: '9999-12-31T16:00:00Z' }, []), null);
});

test('an exception while drawing is reported, and the rest is drawn', (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  attempt(() => { throw new Error('no'); });
  assert.deepEqual(reported, ['no']);
});

test('a clock correction of less than a second is not mentioned, and a larger one is', () => {
  const replica = { offset: -3_600_000 };
  const notices = new NoticeWords(replica, null, {});
  for (const by of [0, 999, -999]) assert.equal(notices.clock_corrected({ by }), null);
  assert.match(notices.clock_corrected({ by: 0, code: 'too_far_ahead' }).text, /^Edits .* stamped again/);
  assert.match(notices.clock_corrected({ by: -3_600_000 }).text, / 1 hour ahead.* corrected/);
  assert.match(notices.clock_corrected({ by: 3_600_000 }).text, / 1 hour behind/);
  replica.offset = 0;
  assert.match(notices.clock_corrected({ by: 3_600_000 }).text, /agrees .* again/);
});

test('a notice that needs no action closes by itself, unless it is being read', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const box = new Element();
  const replica = Object.assign(new EventTarget(), { isErased: () => false, losses: [] });
  new Notices(replica, () => ({ name: 'Ben' }), box, {});
  const tell = (detail) => replica.dispatchEvent(new CustomEvent('notice', { detail }));
  tell({ kind: 'not_edited', detail: 'no' });
  tell({ kind: 'clock_corrected', by: -3_600_000 });
  const [failure, passing] = box.children;
  passing.hovered = true;
  t.mock.timers.tick(60_000);
  assert.equal(box.children.length, 2);
  passing.hovered = false;
  t.mock.timers.tick(60_000);
  assert.equal(box.children.length, 1);
  assert.equal(box.children[0], failure);
});

test('a refusal says what is shown now: the old value, a later one, or nothing', () => {
  const view = (updatedAt) => ({ table: 'tasks', id: 'a', data: { title: { value: 'Red', updatedAt } }, waiting: [] });
  const refused = (shown) => {
    const replica = { tables: { tasks: new Map(shown ? [['a', shown]] : []) } };
    return new NoticeWords(replica, null, {}).refused({
      table: 'tasks', id: 'a', fields: ['title'], code: 'title_too_long', rolledBack: { title: { value: 'x'.repeat(500), updatedAt: '2' } },
    }).text;
  };
  assert.match(refused(view('1')), /put back as it was/);
  assert.match(refused(view('3')), /It is now ‘Red’\./);
  assert.match(refused({ ...view('3'), waiting: ['title'] }), /later edit is kept/);
  assert.match(refused(null), /It was removed/);
  assert.ok(/‘(x*…)’/.exec(refused(view('1')))[1].length <= 80);
});

test('fetching everything again is explained by the server’s reason', () => {
  const told = (why, items) => new NoticeWords({ waiting: 7 }, null, {}).resync({ why, items }).text;
  assert.match(told('epoch', 0), /older than what this device had seen/);
  assert.match(told('fence', 0), /longer ago than the server keeps deletions/);
  assert.doesNotMatch(told('fence', 0), /backup/);
  assert.match(told('fence', 2), /2 edits that have not been sent are kept/);
  assert.doesNotMatch(told('epoch'), /not been sent/); // edits that are sent again have another notice
});

test('every kind of notice has a text', () => {
  const source = readFileSync(new URL('../../../replica/notice.go', import.meta.url), 'utf8');
  const kinds = [...source.matchAll(/NoticeKind = "(\w+)"/g)].map(([, kind]) => kind);
  assert.ok(kinds.length >= 9);
  for (const kind of kinds) assert.equal(typeof NoticeWords.prototype[kind], 'function', kind);
});

test('no notice shows a position, which means nothing to people', () => {
  const write = (value, updatedAt = '2026-03-02T10:00:00.000') => ({ value, updatedAt, clientId: 'b' });
  const other = write('POSITION');
  const view = { table: 'tasks', id: 'a', data: { title: write('Paint'), position: write('POSITION', '2026-03-02T12:00:00.000') }, waiting: [] };
  for (const shown of [view, undefined]) {
    const replica = {
      losses: [], device: { clientId: 'a' }, serverNow: () => Date.parse('2027-01-01'),
      tables: { tasks: new Map(shown ? [['a', shown]] : []) }, why: () => ({ loser: { ...write('POSITION'), clientId: 'a' }, winner: other }),
    };
    const notices = new NoticeWords(replica, () => ({ name: 'Ben' }), {});
    const edit = { table: 'tasks', id: 'a', fields: ['position'], code: 'invalid', detail: 'no', rolledBack: { position: write('POSITION') }, other };
    const told = ['refused', 'gone', 'unseen', 'edit_lost', 'edit_replaced', 'future_stamp'].map((kind) => notices[kind](edit).text);
    told.push(notices.not_edited({ detail: 'no', fields: { status: 'doing', position: 'POSITION' } }).text);
    for (const text of told) assert.doesNotMatch(text, /POSITION|undefined|‘’/);
    if (shown) assert.equal(told[3], 'Your edit to the place of “Paint” came too late: Ben made a later one without having seen yours.');
    if (shown) assert.equal(told[4], 'Your edit to the place of “Paint” replaced one by Ben that you had not seen.');
  }
});
