import { once } from 'node:events';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';

test('a time that has passed already is not slept for, and Node has nothing to warn of', async () => {
  const warning = once(process, 'warning');
  await systemClock.sleep(-1, new AbortController().signal);
  process.emitWarning('the first one');
  expect(await warning).toMatchObject([{ message: 'the first one' }]);
});

test('an aborted sleep ends without an error, be it aborted before or meanwhile', async () => {
  await systemClock.sleep(60_000, AbortSignal.abort());
  const meanwhile = new AbortController();
  const sleeping = systemClock.sleep(60_000, meanwhile.signal);
  meanwhile.abort();
  await sleeping;
});
