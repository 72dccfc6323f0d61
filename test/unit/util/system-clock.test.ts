import { once } from 'node:events';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/util/system-clock.ts';

test('systemClock: a sleep of negative length ends at once without a warning of Node', async () => {
  const warning = once(process, 'warning');
  await systemClock.sleep(-1, new AbortController().signal);
  process.emitWarning('the first one');
  expect(await warning).toMatchObject([{ message: 'the first one' }]);
});

test('systemClock: a sleep that is aborted before or during it ends without an error', async () => {
  await expect(systemClock.sleep(60_000, AbortSignal.abort())).resolves.toBeUndefined();
  const meanwhile = new AbortController();
  const sleeping = systemClock.sleep(60_000, meanwhile.signal);
  meanwhile.abort();
  await expect(sleeping).resolves.toBeUndefined();
});

test('systemClock: a sleep of any length fits the longest timer of Node', async () => {
  const warning = once(process, 'warning');
  const end = new AbortController();
  const sleeping = systemClock.sleep(Infinity, end.signal);
  process.emitWarning('the first one');
  expect(await warning).toMatchObject([{ message: 'the first one' }]);
  end.abort();
  await expect(sleeping).resolves.toBeUndefined();
});
