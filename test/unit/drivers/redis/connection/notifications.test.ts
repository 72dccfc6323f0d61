import { expect, test } from 'vitest';
import { createNotifications } from '../../../../../src/drivers/redis/connection/notifications.ts';

test('redis notifications: closing them ends a wait', async () => {
  const releases = createNotifications([], 'beat:released');
  const waiting = releases.wait(new AbortController().signal);
  await releases.close();
  await expect(waiting).resolves.toBeUndefined();
});

test('redis notifications: an aborted signal ends a wait', async () => {
  const releases = createNotifications([], 'beat:released');
  const stopped = new AbortController();
  const waiting = releases.wait(stopped.signal);
  stopped.abort();
  await expect(waiting).resolves.toBeUndefined();
  await expect(releases.wait(stopped.signal)).resolves.toBeUndefined();
});
