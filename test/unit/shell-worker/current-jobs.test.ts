import { expect, test } from 'vitest';
import { AllowedJobs } from '../../../src/shell-worker/job.ts';
import { CurrentJobs } from '../../../src/shell-worker/current-jobs.ts';

const HOUR = 3_600_000;

/** The jobs of a worker whose configuration declares `files.command`, with a clock that sleeps at once. */
function setUp(declared: string) {
  const files = { command: declared, reads: 0 };
  const time = { now: 0 };
  const allowed = () => new AllowedJobs([{ command: files.command }]);
  const jobs = new CurrentJobs(allowed(), {
    clock: { now: () => time.now, monotonic: () => time.now, sleep: async (ms) => void (time.now += ms) },
    read: async () => {
      files.reads += 1;
      return allowed();
    },
  });
  return { files, time, jobs };
}

test('jobs of a shell worker: an undeclared job is rejected only after the configuration was read again', async () => {
  const { files, jobs } = setUp('old');
  expect(await jobs.has({ command: 'old' })).toBe(true);
  expect(files.reads).toBe(0);
  files.command = 'new';
  expect(await jobs.has({ command: 'new' })).toBe(true);
  expect(await jobs.has({ command: 'other' })).toBe(false);
});

test('jobs of a shell worker: an earlier declaration stays allowed for an hour', async () => {
  const { files, time, jobs } = setUp('old');
  files.command = 'new';
  expect(await jobs.has({ command: 'new' })).toBe(true);
  time.now = HOUR - 1;
  expect(await jobs.has({ command: 'old' })).toBe(true);
  time.now = HOUR;
  expect(await jobs.has({ command: 'old' })).toBe(false);
});

test('jobs of a shell worker: undeclared jobs read the configuration at most once a second', async () => {
  const { files, time, jobs } = setUp('old');
  for (let i = 0; i < 3; i++) {
    await Promise.all(['a', 'b'].map((command) => jobs.has({ command })));
  }
  expect(files.reads).toBe(3);
  expect(time.now).toBe(2_000);
});
