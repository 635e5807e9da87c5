// A date field while a date is typed. While a part of the date is blank, the field has no value.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Control } from './fakes.mjs';

const { Field } = await import('../static/field.js');

/** A DateInput has a value only if all its parts are filled in. */
class DateInput extends Control {
  type = 'date';
  #value = '';

  constructor() {
    super('INPUT');
    Object.defineProperty(this, 'value', {
      get: () => (this.validity.badInput ? '' : this.#value),
      set: (text) => {
        this.#value = text;
        this.validity.badInput = false;
      },
    });
  }

  /** press presses a key, after which the field may be incomplete. */
  press(key, value, incomplete = false) {
    document.activeElement = this;
    this.dispatchEvent(Object.assign(new Event('keydown'), { key }));
    if (value === undefined) return;
    this.#value = value;
    this.validity.badInput = incomplete;
    this.dispatchEvent(new Event('input'));
    this.dispatchEvent(new Event('change'));
  }

  async leave() {
    document.activeElement = null;
    this.dispatchEvent(new Event('blur'));
    await null;
  }
}

/** due returns the due date field of a task, and the writes to it. */
function due(date) {
  const control = new DateInput();
  const written = [];
  const field = new Field({ joined: true, tables: { tasks: new Map([['a', {}]]) }, edit: (table, id, fields) => written.push(fields.due) }, null, 'due', control);
  const draw = () => field.draw({ table: 'tasks', id: 'a', data: { due: date && { value: date, deleted: false } } });
  field.mark.draw = () => {};
  draw();
  return { control, written, draw };
}

for (const date of ['2026-03-03', undefined]) {
  test(`an incomplete date is not written, and is removed: ${date}`, async () => {
    const { control, written, draw } = due(date);
    control.press('Backspace', '', true);
    control.press('Enter');
    draw(); // because another field has changed
    assert.equal(control.validity.badInput, true, 'the text was replaced while the user was typing');
    await control.leave();
    assert.deepEqual(written, []);
    assert.equal(control.validity.badInput, false);
    assert.equal(control.value, date ?? '');
  });
}

test('a date with an incomplete year is not written, and is removed', async () => {
  const { control, written } = due('2026-03-03');
  control.press('2', '0002-03-03');
  await control.leave();
  assert.deepEqual(written, []);
  assert.equal(control.value, '2026-03-03');
});

test('a typed date is written once, without the intermediate dates', async () => {
  const { control, written, draw } = due('2026-03-03');
  for (const date of ['2026-01-03', '2026-12-03', '2026-12-31']) {
    control.press('1', date);
    draw();
  }
  assert.deepEqual(written, []);
  await control.leave();
  assert.deepEqual(written, ['2026-12-31']);
});

test('a picked date is written at once', () => {
  const { control, written } = due('2026-03-03');
  document.activeElement = control;
  control.value = '2026-12-31';
  control.dispatchEvent(new Event('input'));
  control.dispatchEvent(new Event('change'));
  assert.deepEqual(written, ['2026-12-31']);
});

test('clearing a date deletes the field', async () => {
  const { control, written } = due('2026-03-03');
  control.press('Backspace', '');
  await control.leave();
  assert.deepEqual(written, [null]);
});

test('a title with line breaks from another device is shown on one line', () => {
  const control = new Control('TEXTAREA');
  const written = [];
  const field = new Field({ joined: true, tables: { tasks: new Map([['a', {}]]) }, edit: (...edit) => written.push(edit) }, null, 'title', control);
  field.mark.draw = () => {};
  field.draw({ table: 'tasks', id: 'a', data: { title: { value: `\nPaint${'\n'.repeat(40)}the fence` } } });
  assert.equal(control.value, 'Paint the fence');
  control.dispatchEvent(new Event('change'));
  assert.deepEqual(written, [], 'an unchanged title was written');
});
