import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { ReleaseNotifications } from '../../../../src/drivers/sql/release-notifications.ts';
import { settle } from '../../../support/settle.ts';

/** A server's notifications, and one follower. */
class Follower {
  readonly clock = new ManualClock('2027-03-01T12:00:00Z');
  readonly stop = new AbortController();
  /** The connections that were made to listen. */
  readonly listeners: { notify: () => void; cut: () => void; signal: AbortSignal }[] = [];
  readonly releases: ReleaseNotifications;

  constructor() {
    const listen = (prefix: string, notify: () => void, signal: AbortSignal) => {
      expect(prefix).toBe('beat');
      const { promise, reject } = Promise.withResolvers<never>();
      this.listeners.push({ notify, cut: () => reject(new Error('cut off')), signal });
      signal.addEventListener('abort', () => reject(new Error('closed')));
      return promise;
    };
    this.releases = new ReleaseNotifications(listen, 'beat', this.clock);
  }

  /** A wait, and whether it has ended. */
  wait(): { ended: boolean } {
    const state = { ended: false };
    void this.releases.wait(this.stop.signal).then(() => (state.ended = true));
    return state;
  }
}

test('sql release notifications: a leader opens no connection', async () => {
  const { releases, listeners } = new Follower();
  releases.reset();
  await releases.close();
  expect(listeners).toEqual([]);
});

test('sql release notifications: all waits of a follower share one connection and end with a notification', async () => {
  const follower = new Follower();
  const waits = [follower.wait(), follower.wait()];
  await settle();
  expect(waits.map(({ ended }) => ended)).toEqual([false, false]);
  follower.listeners[0]!.notify();
  await settle();
  expect(waits.map(({ ended }) => ended)).toEqual([true, true]);
  expect(follower.listeners).toHaveLength(1);
});

test('sql release notifications: a notification after the last attempt ends the next wait, an earlier one does not', async () => {
  const follower = new Follower();
  follower.wait();
  await settle();
  follower.listeners[0]!.notify();
  const after = follower.wait();
  await settle();
  expect(after.ended).toBe(true);
  follower.releases.reset();
  const again = follower.wait();
  await settle();
  expect(again.ended).toBe(false);
});

test('sql release notifications: a wait ends when its signal aborts, and an aborted signal opens no connection', async () => {
  const follower = new Follower();
  const wait = follower.wait();
  follower.stop.abort();
  await settle();
  expect(wait.ended).toBe(true);
  const late = follower.wait();
  await settle();
  expect(late.ended).toBe(true);

  const stopped = new Follower();
  stopped.stop.abort();
  stopped.wait();
  await settle();
  expect(stopped.listeners).toEqual([]);
});

test('sql release notifications: a lost connection is reopened after 500 ms, each time', async () => {
  const follower = new Follower();
  follower.wait();
  for (let made = 1; made < 4; made++) {
    await settle();
    follower.listeners.at(-1)!.cut();
    await settle();
    follower.clock.advance(499);
    await settle();
    expect(follower.listeners).toHaveLength(made);
    follower.clock.advance(1);
    await settle();
    expect(follower.listeners).toHaveLength(made + 1);
  }
});

test('sql release notifications: close ends the connection and every wait, and does not reconnect', async () => {
  const follower = new Follower();
  const wait = follower.wait();
  await settle();
  await follower.releases.close();
  await settle();
  expect(wait.ended).toBe(true);
  expect(follower.listeners[0]!.signal.aborted).toBe(true);
  follower.clock.advance(10_000);
  await settle();
  expect(follower.listeners).toHaveLength(1);
});
