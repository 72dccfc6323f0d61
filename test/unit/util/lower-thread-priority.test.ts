import { spawnSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../../src/util/lower-thread-priority.ts');

const onLinux = test.runIf(process.platform === 'linux');

// As a service with `Nice=15`, or one of a batch of jobs.
onLinux.each([0, 15])('priority of a thread: is lowered without rights, %d below that of this process', (below) => {
  const program = `
    import { getPriority } from 'node:os';
    import { lowerThreadPriority } from ${JSON.stringify(MODULE)};
    if (process.getuid() === 0) process.setuid(54321);
    lowerThreadPriority();
    console.log(getPriority());`;
  const args = ['-n', String(below), process.execPath, '--input-type=module', '-e', program];
  const { stdout, stderr } = spawnSync('nice', args, { encoding: 'utf8' });
  expect([stdout.trim(), stderr]).toEqual([String(Math.min(19, Math.max(10, getPriority() + below))), '']);
});
