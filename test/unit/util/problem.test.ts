import { expect, it } from 'vitest';
import { ConfigError, formatProblem, type Problem } from '../../../src/util/errors.ts';

const problem = (message: string, path: Problem['path'] = ['a']): Problem => ({ message, path });
const many = (count: number, message: string) => {
  return Array.from({ length: count }, (_, i) => problem(message, [`k${i}`]));
};

it('a configuration error names the first fifty problems, and counts the others by kind', () => {
  const all = [
    ...many(50, 'unknown key; allowed: x'),
    ...many(9_900, 'unknown key; allowed: x'),
    ...many(40, 'expected a list, got 5'),
    ...many(7, 'missing; expected text'),
    ...many(2, 'stands here again, after line 5'),
    problem('minute: 61 is out of range 0-59'),
  ];
  const error = new ConfigError(all);
  const lines = error.message.split('\n');
  expect(error.problems).toHaveLength(10_000);
  expect(lines).toHaveLength(51);
  expect(lines[49]).toBe('k49: unknown key; allowed: x');
  expect(lines[50]).toBe(
    'and 9,950 more: 9,900 unknown keys, 40 values that are not allowed, 7 missing values, ' +
      '2 repeated names, 1 of other kinds',
  );
});

it('a configuration error names every problem where there are few', () => {
  expect(new ConfigError(many(51, 'x')).message.split('\n')).toHaveLength(51);
  expect(new ConfigError(many(51, 'x')).message).not.toContain('more');
});

it('a problem is one line, in which a terminal obeys nothing', () => {
  const hostile = 'a\u001b[2J\u009b1m\nb\r\u202ec\u2028d\0\u0007';
  const line = formatProblem({
    file: 'f\u001b.yaml',
    line: 1,
    path: ['k\u009b'],
    message: hostile,
  });
  expect(line).toBe(
    'f\\u001b.yaml:1: ["k\\u009b"]: a\\u001b[2J\\u009b1m\\nb\\r\\u202ec\\u2028d\\u0000\\u0007',
  );
  expect(new ConfigError(`no such file: ${hostile}\nnext`).message).toBe(
    'no such file: a\\u001b[2J\\u009b1m\nb\\r\\u202ec\\u2028d\\u0000\\u0007\nnext',
  );
});

it('long names and quotes are cut, and what is said about them stays', () => {
  const long = 'x'.repeat(100_000);
  const line = formatProblem(problem(`no queue "${long}"; did you mean "y"?`, ['e', long]));
  expect(line.length).toBeLessThan(500);
  expect(line).toMatch(/^e\["x{200}…"\].*: no queue "x{100}…"; did you mean "y"\?$/);
  expect(formatProblem(problem(long)).length).toBeLessThan(5_000);
});
