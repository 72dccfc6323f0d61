import { expect, test } from 'vitest';
import { startedAfter } from '../../../../src/cli/service/pidfile.ts';

const linux = process.platform === 'linux';
const born = Date.now() - process.uptime() * 1_000;

test.skipIf(!linux)(
  'process age: a process started after a file that is more than a second older, and not after a newer one',
  () => {
    expect(startedAfter(process.pid, born - 1_300)).toBe(true);
    expect(startedAfter(process.pid, born + 2_000)).toBe(false);
  },
);

test.skipIf(!linux)("process age: a file written in the second of the process's start may be its own", () => {
  expect(startedAfter(process.pid, born)).toBe(false);
  expect(startedAfter(process.pid, born - 700)).toBe(false);
});

test('process age: a missing process started after nothing', () => {
  expect(startedAfter(2 ** 22 + 1, 0)).toBe(false);
});
