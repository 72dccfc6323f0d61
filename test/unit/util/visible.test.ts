import { expect, test } from 'vitest';
import { escapeLine, escapeLines, truncate } from '../../../src/util/visible.ts';

const HOSTILE = 'a\u001b]0;title\u0007\r\n\t\u009b2J\u202e\u2066\u2028\ufeffö–日';

test('visible text: a line has no control and no bidirectional characters, and other characters stay', () => {
  expect(escapeLine(HOSTILE)).toBe('a\\u001b]0;title\\u0007\\r\\n\\t\\u009b2J\\u202e\\u2066\\u2028\\ufeffö–日');
  expect(escapeLines('a\n\rb')).toBe('a\n\\rb');
});

test('visible text: JSON has the same value after its control characters are escaped', () => {
  const value = { [HOSTILE]: [HOSTILE, '\u007f'] };
  const line = escapeLine(JSON.stringify(value));
  expect(JSON.parse(line)).toEqual(value);
  expect(line).not.toMatch(/[\p{Cc}\p{Bidi_C}]/u);
});

test('visible text: a text is never shortened within a surrogate pair', () => {
  expect(truncate('ab', 2)).toBe('ab');
  expect(truncate('abc', 2)).toBe('ab…');
  expect(truncate('a😀b', 2)).toBe('a…');
});
