import { expect, test } from 'vitest';
import { isDeepJson } from '../../../src/util/is-deep-json.ts';

test.each([
  ['[[[]]]', 3, false],
  ['[[[]]]', 2, true],
  ['{"a":{"b":[1]}}', 2, true],
  ['[[],[],[],{}]', 2, false],
  ['["[[[[", "\\"[[[[", "\\\\"]', 1, false],
  ['["\\\\", [[]]]', 2, true],
  ['1', 0, false],
])('the nesting of %s is deeper than %i levels: %s', (text, levels, expected) => {
  expect(isDeepJson(text, levels)).toBe(expected);
});

test('the nesting of an unfinished text is found without parsing it', () => {
  expect(isDeepJson('['.repeat(500_000), 500)).toBe(true);
});
