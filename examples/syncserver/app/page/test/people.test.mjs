import assert from 'node:assert/strict';
import test from 'node:test';

import { peopleOf } from '../static/people.js';

const named = (name) => ({ data: { name: { value: name } } });

test('an import is named by its record in the table imports, and a device by its own', () => {
  const replica = {
    side: 'left',
    device: { clientId: 'a' },
    tables: { devices: new Map([['a', named('Ana’s phone')]]), imports: new Map([['i', named('crm')]]) },
  };
  const who = peopleOf(replica, [replica]);
  assert.deepEqual(who('i'), { name: 'crm', letter: 'C', side: 'other', imported: true });
  assert.deepEqual(who('a'), { name: 'Ana’s phone', letter: 'A', side: 'left', imported: false });
  assert.equal(who('b').imported, false);
});
