import { expect, test } from 'vitest';
import { errorAt, formatDiagnostic, type Diagnostic } from '../../../src/util/diagnostic.ts';
import { ConfigError } from '../../../src/util/errors.ts';

const wrong = (message: string, path: Diagnostic['path'] = ['a']) => errorAt(path, message);
const many = (count: number, message: string) => {
  return Array.from({ length: count }, (_, i) => wrong(message, [`k${i}`]));
};

test('ConfigError: lists the first fifty errors and counts the rest by kind', () => {
  const all = [
    ...many(50, 'unknown key; allowed: x'),
    ...many(9_900, 'unknown key; allowed: x'),
    ...many(40, 'expected a list, got 5'),
    ...many(7, 'missing; expected text'),
    ...many(2, 'repeated key, first on line 5'),
    wrong('minute: 61 is out of range 0-59'),
  ];
  const error = new ConfigError(all);
  const lines = error.message.split('\n');
  expect(error.errors).toHaveLength(10_000);
  expect(lines).toHaveLength(51);
  expect(lines[49]).toBe('k49: unknown key; allowed: x');
  expect(lines[50]).toBe(
    'and 9,950 more: 9,900 unknown keys, 40 values that are not allowed, 7 missing values, ' +
      '2 repeated names, 1 of other kinds',
  );
});

test('ConfigError: counts the most frequent kind first, in any order of the errors', () => {
  const all = [...many(51, 'missing; expected text'), ...many(3, 'unknown key; allowed: x')];
  expect(new ConfigError(all).message.split('\n').at(-1)).toBe('and 4 more: 3 unknown keys, 1 missing values');
});

test('ConfigError: lists all of up to fifty-one errors', () => {
  expect(new ConfigError(many(51, 'x')).message.split('\n')).toHaveLength(51);
  expect(new ConfigError(many(51, 'x')).message).not.toContain('more');
});

test('formatDiagnostic: escapes control characters and line breaks', () => {
  const hostile = 'a\u001b[2J\u009b1m\nb\r\u202ec\u2028d\0\u0007';
  const line = formatDiagnostic({ file: 'f\u001b.yaml', line: 1, path: ['k\u009b'], message: hostile });
  expect(line).toBe('f\\u001b.yaml:1: ["k\\u009b"]: a\\u001b[2J\\u009b1m\\nb\\r\\u202ec\\u2028d\\u0000\\u0007');
  expect(new ConfigError(`no such file: ${hostile}\nnext`).message).toBe(
    'no such file: a\\u001b[2J\\u009b1m\nb\\r\\u202ec\\u2028d\\u0000\\u0007\nnext',
  );
});

test('formatDiagnostic: shortens long keys and quoted values but not the explanation', () => {
  const long = 'x'.repeat(100_000);
  const line = formatDiagnostic(wrong(`no queue "${long}"; did you mean "y"?`, ['e', long]));
  expect(line.length).toBeLessThan(500);
  expect(line).toMatch(/^e\["x{200}…"\].*: no queue "x{100}…"; did you mean "y"\?$/);
  expect(formatDiagnostic(wrong(long)).length).toBeLessThan(5_000);
  const most = formatDiagnostic({ path: [], message: long }).length - 1;
  const whole = 'x'.repeat(most);
  expect(formatDiagnostic({ path: [], message: whole })).toBe(whole);
  expect(formatDiagnostic({ path: [], message: `${whole}x` })).toBe(`${whole}…`);
});
