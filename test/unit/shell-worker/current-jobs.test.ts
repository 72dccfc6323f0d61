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

test('jobs of a shell worker: a configuration that declares the same jobs again replaces nothing', async () => {
  const { time, files, jobs } = setUp('old');
  jobs.replace(new AllowedJobs([{ command: 'old' }]));
  files.command = 'new';
  jobs.replace(new AllowedJobs([{ command: 'new' }]));
  time.now = HOUR - 1;
  jobs.replace(new AllowedJobs([{ command: 'new' }]));
  expect(await jobs.has({ command: 'old' })).toBe(true);
  time.now = HOUR;
  expect(await jobs.has({ command: 'old' })).toBe(false);
});

test('jobs of a shell worker: each earlier declaration has its own hour', async () => {
  const { time, files, jobs } = setUp('first');
  jobs.replace(new AllowedJobs([{ command: 'second' }]));
  time.now = HOUR / 2;
  files.command = 'third';
  jobs.replace(new AllowedJobs([{ command: 'third' }]));
  const allowed = async () => {
    const all = await Promise.all(['first', 'second', 'third'].map((command) => jobs.has({ command })));
    return all.map(Number).join('');
  };
  expect(await allowed()).toBe('111');
  time.now = HOUR;
  expect(await allowed()).toBe('011');
  time.now = HOUR * 1.5;
  expect(await allowed()).toBe('001');
});

test('jobs of a shell worker: an unchanged or invalid configuration leaves the declarations', async () => {
  const clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };
  const jobs = new CurrentJobs(new AllowedJobs([{ command: 'old' }]), { clock, read: async () => null });
  expect(await jobs.has({ command: 'new' })).toBe(false);
  expect(await jobs.has({ command: 'old' })).toBe(true);
});
