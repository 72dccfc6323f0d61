import { expect, test } from 'vitest';
import { readStoredTarget } from '../../../../src/entries/catalog/definition.ts';
import { StoreError } from '../../../../src/util/errors.ts';

test('a stored entry whose state cannot be read: the error contains the repair, and has the original error as its cause', () => {
  const found = 'the state of entry "a" cannot be read: "junk"';
  expect(() => readStoredTarget({ entry: 'a', definition: '{}', state: 'junk', dueAt: null })).toThrow(
    expect.objectContaining({
      message: `${found}; its schedule restarts from now with: beat forget a`,
      cause: expect.objectContaining({ name: StoreError.name, message: found }) as unknown,
    }),
  );
});
