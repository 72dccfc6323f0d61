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
    const listen = (prefix: string, heard: () => void, signal: AbortSignal) => {
      expect(prefix).toBe('beat');
      const { promise, reject } = Promise.withResolvers<never>();
      this.listeners.push({ notify: heard, cut: () => reject(new Error('cut off')), signal });
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

test('a leader that never follows listens for no release', async () => {
  const { releases, listeners } = new Follower();
  releases.forget();
  await releases.close();
  expect(listeners).toEqual([]);
});

test('a follower waits until a release is notified, over one connection', async () => {
  const follower = new Follower();
  const waits = [follower.wait(), follower.wait()];
  await settle();
  expect(waits.map(({ ended }) => ended)).toEqual([false, false]);
  follower.listeners[0]!.notify();
  await settle();
  expect(waits.map(({ ended }) => ended)).toEqual([true, true]);
  expect(follower.listeners).toHaveLength(1);
});

test('a release that is notified between a try and the wait ends the wait; one before the try does not', async () => {
  const follower = new Follower();
  follower.wait();
  await settle();
  follower.listeners[0]!.notify();
  const after = follower.wait();
  await settle();
  expect(after.ended).toBe(true);
  follower.releases.forget();
  const again = follower.wait();
  await settle();
  expect(again.ended).toBe(false);
});

test('a wait ends when its signal aborts, and one after that does not begin', async () => {
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

test('a connection for releases that is lost is made anew half a second later, again and again', async () => {
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

test('closing ends the connection for releases and every wait, and makes no new connection', async () => {
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
