import { expect, test } from 'vitest';
import { markHandled } from '../../../src/util/promise.ts';
import { settle } from '../../support/settle.ts';

test('markHandled: recognises a promise, whose rejection does not end the process', async () => {
  // A rejection without a handler would fail this run of vitest.
  expect(markHandled(Promise.reject(new Error('no db')))).toBe(true);
  expect(markHandled(Promise.resolve(1))).toBe(true);
  await settle();
});

test.each([null, undefined, 0, 'text', new Date(0), { then: 'a word' }, () => {}])(
  'markHandled: a value that is not a promise is ignored: %s',
  (answer) => {
    expect(markHandled(answer)).toBe(false);
  },
);
