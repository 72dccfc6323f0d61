import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import type { Subject } from '../../../../src/drivers/sql/dialect.ts';
import { createNotifications, type Notifications } from '../../../../src/drivers/sql/notifications.ts';
import { settle } from '../../../support/settle.ts';

/** A server's notifications, and one instance. */
class Instance {
  readonly clock = new ManualClock('2027-03-01T12:00:00Z');
  readonly stop = new AbortController();
  /** The connections that were made to listen. */
  readonly listeners: { notify: (subject: Subject) => void; cut: () => void; signal: AbortSignal }[] = [];
  readonly notifications: Notifications;

  constructor() {
    const listen = (prefix: string, notify: (subject: Subject) => void, signal: AbortSignal) => {
      expect(prefix).toBe('beat');
      const { promise, reject } = Promise.withResolvers<never>();
      this.listeners.push({ notify, cut: () => reject(new Error('cut off')), signal });
      signal.addEventListener('abort', () => reject(new Error('closed')));
      return promise;
    };
    this.notifications = createNotifications(listen, 'beat', this.clock);
  }

  /** A wait, and whether it has ended. */
  wait(subject: Subject = 'release'): { ended: boolean } {
    const state = { ended: false };
    void this.notifications[subject].wait(this.stop.signal).then(() => (state.ended = true));
    return state;
  }
}

test('sql notifications: an instance that never waits opens no connection', async () => {
  const { notifications, listeners } = new Instance();
  notifications.release.reset();
  await notifications.close();
  expect(listeners).toEqual([]);
});

test('sql notifications: all waits share one connection, and end with a notification on their subject', async () => {
  const instance = new Instance();
  const waits = [instance.wait(), instance.wait(), instance.wait('command')];
  await settle();
  expect(waits.map(({ ended }) => ended)).toEqual([false, false, false]);
  instance.listeners[0]!.notify('release');
  await settle();
  expect(waits.map(({ ended }) => ended)).toEqual([true, true, false]);
  instance.listeners[0]!.notify('command');
  await settle();
  expect(waits.map(({ ended }) => ended)).toEqual([true, true, true]);
  expect(instance.listeners).toHaveLength(1);
});

test('sql notifications: a notification after the last attempt ends the next wait, an earlier one does not', async () => {
  const instance = new Instance();
  instance.wait();
  await settle();
  instance.listeners[0]!.notify('release');
  const after = instance.wait();
  await settle();
  expect(after.ended).toBe(true);
  instance.notifications.release.reset();
  const again = instance.wait();
  await settle();
  expect(again.ended).toBe(false);
});

test('sql notifications: a wait ends when its signal aborts, and an aborted signal opens no connection', async () => {
  const instance = new Instance();
  const wait = instance.wait();
  instance.stop.abort();
  await settle();
  expect(wait.ended).toBe(true);
  const late = instance.wait();
  await settle();
  expect(late.ended).toBe(true);

  const stopped = new Instance();
  stopped.stop.abort();
  stopped.wait();
  await settle();
  expect(stopped.listeners).toEqual([]);
});

test('sql notifications: a lost connection is reopened after 500 ms, each time', async () => {
  const instance = new Instance();
  instance.wait();
  for (let made = 1; made < 4; made++) {
    await settle();
    instance.listeners.at(-1)!.cut();
    await settle();
    instance.clock.advance(499);
    await settle();
    expect(instance.listeners).toHaveLength(made);
    instance.clock.advance(1);
    await settle();
    expect(instance.listeners).toHaveLength(made + 1);
  }
});

test('sql notifications: close ends the connection and every wait, and does not reconnect', async () => {
  const instance = new Instance();
  const waits = [instance.wait(), instance.wait('command')];
  await settle();
  await instance.notifications.close();
  await settle();
  expect(waits.map(({ ended }) => ended)).toEqual([true, true]);
  expect(instance.listeners[0]!.signal.aborted).toBe(true);
  instance.clock.advance(10_000);
  await settle();
  expect(instance.listeners).toHaveLength(1);
});

test('sql notifications: close resolves after the connection has ended', async () => {
  const ended = Promise.withResolvers<undefined>();
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const notifications = createNotifications(() => ended.promise, 'beat', clock);
  void notifications.release.wait(new AbortController().signal);
  let closed = false;
  void notifications.close().then(() => (closed = true));
  await settle();
  expect(closed).toBe(false);
  ended.resolve(undefined);
  await settle();
  expect(closed).toBe(true);
});
