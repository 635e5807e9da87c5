// A control: what it shows, what it writes, and that a difference between the two is never hidden.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Control } from './fakes.mjs';

const { COMMIT, Draft } = await import('../static/draft.js');

/** field returns a focused control, the text of its record, and the writes to it. */
function field(kind, text, how = {}) {
  const control = new Control(kind);
  const record = { text, stamp: 1 };
  const written = [];
  const draft = new Draft(control, {
    required: true,
    seen: () => record.stamp,
    write: (text, seen) => {
      written.push([text, seen]);
      record.text = text;
      record.stamp++;
      return true;
    },
    ...how,
  });
  draft.draw(text);
  control.focus();
  /** elsewhere is a write by another device. */
  const elsewhere = (text) => {
    record.text = text;
    record.stamp += 10;
    draft.draw(text);
  };
  return { control, draft, record, written, elsewhere, redraw: () => draft.draw(record.text) };
}

const isDraft = (control) => control.hasAttribute('data-draft');
const typed = ['TEXTAREA', 'INPUT'];

for (const kind of typed) {
  test(`${kind}: an old text that is typed again after Enter is written when the field is left`, async () => {
    const { control, written, redraw } = field(kind, 'A');
    control.enter('B');
    control.press('Enter');
    redraw();
    control.enter('A');
    assert.ok(isDraft(control), 'the control does not count as a draft, although its text is not written');
    await control.blur();
    assert.deepEqual(written, [['B', 1], ['A', 2]]);
    assert.ok(!isDraft(control));
  });

  test(`${kind}: Enter writes an old text that is typed again`, () => {
    const { control, written } = field(kind, 'A');
    for (const text of ['B', 'A']) {
      control.enter(text);
      control.press('Enter');
    }
    assert.deepEqual(written.map(([text]) => text), ['B', 'A']);
  });

  test(`${kind}: a written text is not written again over a later edit by another device`, async () => {
    for (const text of ['B ', ' B', 'B  C', 'B\u00a0C']) {
      const { control, written, elsewhere, redraw } = field(kind, 'A');
      control.enter(text);
      control.press('Enter');
      redraw();
      assert.equal(control.value, text.replace(/\s+/g, ' ').trim(), 'the text in the control is not normalised');
      elsewhere('D');
      assert.equal(control.value, 'D');
      await control.blur();
      assert.equal(written.length, 1, JSON.stringify(text));
    }
  });

  test(`${kind}: an unchanged field writes nothing, whatever arrives meanwhile`, async () => {
    for (const text of ['A', 'A ', ' A']) {
      const { control, written, elsewhere } = field(kind, 'A');
      control.enter('AB');
      control.enter(text);
      elsewhere('C');
      assert.equal(control.value, text, 'the text was replaced while the user was typing');
      assert.ok(isDraft(control));
      await control.blur();
      assert.deepEqual(written, []);
      assert.equal(control.value, 'C');
      assert.ok(!isDraft(control));
    }
  });

  test(`${kind}: an edit names the value that was shown when its author began to type`, async () => {
    const { control, written, elsewhere } = field(kind, 'A');
    elsewhere('B'); // the user sees this write
    control.enter('B!');
    elsewhere('C'); // the typed text hides this write
    control.enter('B!!');
    await control.blur();
    assert.deepEqual(written, [['B!!', 11]]);
  });

  test(`${kind}: a text that another device wrote as well is not written again`, async () => {
    const { control, written, elsewhere } = field(kind, 'A');
    control.enter('B');
    elsewhere('B');
    assert.ok(!isDraft(control));
    await control.blur();
    assert.deepEqual(written, []);
  });

  test(`${kind}: a refused text is removed and not sent again`, async () => {
    const { control, written, elsewhere } = field(kind, 'A');
    control.enter('too long');
    control.press('Enter');
    elsewhere('A');
    assert.equal(control.value, 'A');
    await control.blur();
    assert.equal(written.length, 1);
  });

  test(`${kind}: Escape restores the written text`, async () => {
    const { control, written, elsewhere } = field(kind, 'A');
    control.enter('B');
    elsewhere('C');
    control.press('Escape');
    assert.equal(control.value, 'C');
    await control.blur();
    assert.deepEqual(written, []);
  });

  test(`${kind}: a required text that the user empties is restored`, async () => {
    for (const text of ['', '  ']) {
      const { control, written } = field(kind, 'A');
      control.enter(text);
      await control.blur();
      assert.deepEqual(written, []);
      assert.equal(control.value, 'A');
    }
  });

  test(`${kind}: a text that cannot be written yet stays, and is written as soon as possible`, async () => {
    let ready = false;
    const { control, written, redraw } = field(kind, 'A', { ready: () => ready });
    control.enter('B');
    await control.blur();
    redraw();
    await null;
    assert.deepEqual(written, []);
    assert.equal(control.value, 'B');
    assert.ok(isDraft(control));
    ready = true;
    redraw();
    await null;
    assert.deepEqual(written, [['B', 1]]);
  });

  test(`${kind}: after a failed edit the written text is shown`, async () => {
    const { control } = field(kind, 'A', { write: () => false });
    control.enter('B');
    await control.blur();
    assert.equal(control.value, 'A');
    assert.ok(!isDraft(control));
  });

  test(`${kind}: moving a field within the page does not count as leaving it`, async () => {
    const { control, written } = field(kind, 'A');
    control.enter('B');
    document.activeElement = null;
    control.dispatchEvent(new Event('change')); // one browser fires it when an element is moved
    control.dispatchEvent(new Event('blur'));
    document.activeElement = control; // drawing restores the focus in the same step
    await null;
    assert.deepEqual(written, []);
    assert.ok(isDraft(control));
  });
}

test('unsaved text is written when the page is left', () => {
  const { control, written } = field('TEXTAREA', 'A');
  control.enter('B');
  control.dispatchEvent(new Event(COMMIT));
  control.dispatchEvent(new Event(COMMIT));
  assert.deepEqual(written, [['B', 1]]);
});

test('Enter that ends the composition of a character writes nothing', () => {
  const { control, written } = field('INPUT', 'A');
  control.value = 'あ';
  control.dispatchEvent(new Event('input'));
  control.dispatchEvent(Object.assign(new Event('keydown'), { key: 'Enter', isComposing: true }));
  assert.deepEqual(written, []);
});

test('a choice made by a key is written once, at once, and names the value shown before', async () => {
  const { control, written, elsewhere } = field('SELECT', 'todo');
  control.dispatchEvent(new Event('pointerdown'));
  elsewhere('done');
  control.enter('doing');
  await control.blur();
  assert.deepEqual(written, [['doing', 11]]);
});

test('a list that was open during another device’s choice names the value shown when it was opened', () => {
  const { control, written, elsewhere } = field('SELECT', 'todo');
  control.dispatchEvent(new Event('pointerdown'));
  elsewhere('done');
  control.value = 'todo';
  control.dispatchEvent(new Event('input'));
  control.dispatchEvent(new Event('change'));
  assert.deepEqual(written, [['todo', 1]]);
});

test('a number out of range, or a text that is not a number, is not written', async () => {
  const { control, written } = field('INPUT', '5');
  const type = (value, validity) => {
    Object.defineProperty(control, 'type', { value: 'number', configurable: true });
    Object.assign(control, { value, validity });
    control.dispatchEvent(new Event('input'));
  };
  for (const validity of [{ badInput: true }, { rangeOverflow: true }, { rangeUnderflow: true }]) {
    type('7', validity);
    await control.blur();
    control.validity = {};
    assert.deepEqual(written, []);
    assert.equal(control.value, '5');
    document.activeElement = control;
  }
  type('07', {});
  await control.blur();
  assert.deepEqual(written, [['7', 1]]);
  assert.equal(control.value, '7');
});
