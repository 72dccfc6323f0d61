import { expect, test } from 'vitest';
import { formatUmask, parseUmask } from '../../../../src/cli/flags/celery-flags.ts';

test.each([
  ['022', 0o22],
  ['0', 0],
  ['000', 0],
  ['0027', 0o27],
  ['0o77', 0o77],
  ['18', 18],
  ['511', 0o777],
])('umask: parses %s as Celery does: %i', (text, mask) => {
  expect(parseUmask(text)).toBe(mask);
});

test.each(['', '08', '-1', '1.5', '0x1f', 'u=rwx', '512', '01000', ' 022', '0o'])('umask: rejects "%s"', (text) => {
  expect(() => parseUmask(text)).toThrow(/--umask: expected an octal number/);
});

test('umask: is formatted in octal with a leading zero', () => {
  expect([0, 0o7, 0o27, 0o777].map(formatUmask)).toEqual(['000', '007', '027', '0777']);
});
