import { expect, it } from 'vitest';
import { startedAfter } from '../../../../src/cli/service/process-age.ts';

const linux = process.platform === 'linux';
const born = Date.now() - process.uptime() * 1_000;

it.skipIf(!linux)(
  'a process began after what was written more than a second before it, and not before what came later',
  () => {
    expect(startedAfter(process.pid, born - 1_300)).toBe(true);
    expect(startedAfter(process.pid, born + 2_000)).toBe(false);
  },
);

it.skipIf(!linux)('a file of the second in which a process began may be its own', () => {
  expect(startedAfter(process.pid, born)).toBe(false);
  expect(startedAfter(process.pid, born - 700)).toBe(false);
});

it('a process that is not there did not begin after anything', () => {
  expect(startedAfter(2 ** 22 + 1, 0)).toBe(false);
});
