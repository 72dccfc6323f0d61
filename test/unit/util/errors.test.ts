import { expect, test } from 'vitest';
import { errorAt, formatDiagnostic } from '../../../src/util/diagnostic.ts';
import { BeatError, ConfigError, StoreError } from '../../../src/util/errors.ts';

test.each([
  [new BeatError('no'), 'BeatError'],
  [new ConfigError('no'), 'ConfigError'],
  [new StoreError('no'), 'StoreError'],
])('errors: the name in a log is the class name: %s', (error, name) => {
  expect(String(error)).toBe(`${name}: no`);
  expect(error).toBeInstanceOf(BeatError);
  expect(error).toBeInstanceOf(Error);
});

test('ConfigError: lists every error, one per line', () => {
  const errors = [
    { ...errorAt(['beatSchedule', 'nightly', 'args', 0], 'wrong'), file: 'a.yaml', line: 3 },
    errorAt(['timezone'], 'unknown'),
    { ...errorAt([], 'is empty'), file: 'b.yaml' },
  ];
  const error = new ConfigError(errors);
  expect(error.errors).toEqual(errors);
  expect(error.message.split('\n').map((line) => line.trim())).toEqual(
    expect.arrayContaining(errors.map(formatDiagnostic)),
  );
  expect(errors.map(formatDiagnostic)).toEqual([
    'a.yaml:3: beatSchedule.nightly.args[0]: wrong',
    'timezone: unknown',
    'b.yaml: is empty',
  ]);
});
