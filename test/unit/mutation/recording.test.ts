import { expect, test } from 'vitest';
import { collectMutants } from '../../../mutation/collect.ts';
import { Recording } from '../../../mutation/recording.ts';

const FILE = 'src/a.ts';

const TEXT = `
const LIMIT = 5;
const OTHER = 6;
function isFull(count: number) { return count > LIMIT; }
class Queue { add(count: number) { return [1].map(() => count - LIMIT); } }
`;

test('mutations: a constant of the module has the functions that use it', () => {
  const usersAt = (line: number) => collectMutants(FILE, TEXT).find((mutant) => mutant.line === line)!.users;
  expect(usersAt(2)).toEqual(['isFull', 'Queue.add.=>']);
  expect(usersAt(3)).toEqual([]);
  expect(usersAt(4)).toEqual([]);
});

test('mutations: tests of the functions that use a changed constant run before tests that only load the file', () => {
  const entry = (duration: number, ...reached: string[]) => ({ hash: '', passed: true, duration, reached });
  const recording = new Recording({
    'quick.test.ts': entry(1, `${FILE}#`),
    'slow.test.ts': entry(900, `${FILE}#`, `${FILE}#isFull`),
    'slower.test.ts': entry(5_000, `${FILE}#`, `${FILE}#isFull`),
    'other.test.ts': entry(1, 'src/b.ts#'),
  });
  const mutant = collectMutants(FILE, TEXT).find(({ line }) => line === 2)!;
  const files = recording.testsOf(mutant).map(({ file }) => file);
  expect(files).toEqual(['slow.test.ts', 'slower.test.ts', 'quick.test.ts']);
});
