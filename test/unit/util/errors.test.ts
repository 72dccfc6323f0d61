import { expect, test } from 'vitest';
import { BeatError, ConfigError, formatProblem, StoreError } from '../../../src/util/errors.ts';

test.each([
  [new BeatError('no'), 'BeatError'],
  [new ConfigError('no'), 'ConfigError'],
  [new StoreError('no'), 'StoreError'],
])('an error says in a log which kind it is: %s', (error, name) => {
  expect(String(error)).toBe(`${name}: no`);
  expect(error).toBeInstanceOf(BeatError);
  expect(error).toBeInstanceOf(Error);
});

test('a configuration error has every problem, one a line', () => {
  const problems = [
    { file: 'a.yaml', line: 3, path: ['beatSchedule', 'nightly', 'args', 0], message: 'wrong' },
    { path: ['timezone'], message: 'unknown' },
    { file: 'b.yaml', path: [], message: 'is empty' },
  ];
  const error = new ConfigError(problems);
  expect(error.problems).toEqual(problems);
  expect(error.message.split('\n').map((line) => line.trim())).toEqual(
    expect.arrayContaining(problems.map(formatProblem)),
  );
  expect(problems.map(formatProblem)).toEqual([
    'a.yaml:3: beatSchedule.nightly.args[0]: wrong',
    'timezone: unknown',
    'b.yaml: is empty',
  ]);
});
