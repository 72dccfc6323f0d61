import { expect, test } from 'vitest';
import { watchFiles } from '../../../../src/cli/service/watch-files.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { settle } from '../../../support/settle.ts';

/** Watches files whose stamp is one number, which the test sets. */
function watch() {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const stop = new AbortController();
  const files = { now: 1, read: 1, reloads: 0 };
  const reload = async () => {
    files.read = files.now;
    files.reloads += 1;
  };
  const watching = watchFiles(
    { stamp: async () => new Map([['a.yaml', String(files.now)]]), hasChanged: async () => files.now !== files.read },
    reload,
    clock,
    stop.signal,
  );
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      await settle();
      clock.advance(1_000);
      await settle();
    }
  };
  return { files, pass, stop, watching };
}

test('--watch: reloads once after a change, when the files stay the same for a second', async () => {
  const { files, pass, stop, watching } = watch();
  await pass(3);
  expect(files.reloads).toBe(0);
  files.now = 2;
  await pass(1);
  files.now = 3;
  await pass(1);
  expect(files.reloads).toBe(0);
  await pass(1);
  expect(files.reloads).toBe(1);
  await pass(5);
  expect(files.reloads).toBe(1);
  stop.abort();
  await watching;
});

test('--watch: does not reload for a file that is gone for a moment', async () => {
  const { files, pass, stop, watching } = watch();
  files.now = 0;
  await pass(1);
  files.now = 1;
  await pass(3);
  expect(files.reloads).toBe(0);
  stop.abort();
  await watching;
});

test('--watch: ends at the stop', async () => {
  const { files, stop, watching } = watch();
  files.now = 2;
  stop.abort();
  await watching;
  expect(files.reloads).toBe(0);
});
