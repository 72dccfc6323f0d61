import { expect, test } from 'vitest';
import { markHandled } from '../../../src/util/promise.ts';
import { settle } from '../../support/settle.ts';

test('an answer that is a promise is found out, and that it fails ends no process', async () => {
  // A rejection without a handler would fail this run of vitest.
  expect(markHandled(Promise.reject(new Error('no db')))).toBe(true);
  expect(markHandled(Promise.resolve(1))).toBe(true);
  await settle();
});

test.each([null, undefined, 0, 'text', new Date(0), { then: 'a word' }, () => {}])(
  'an answer that is no promise is left as it is: %s',
  (answer) => {
    expect(markHandled(answer)).toBe(false);
  },
);
