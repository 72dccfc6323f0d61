import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../../src/util/clock.ts';
import { settle } from '../../../../support/settle.ts';
import { Folder } from '../../../../support/folder.ts';
import { openFile } from '../../../../support/sqlite.ts';

const TTL = 8_000;

/** A clock whose two times and sleepers the test controls. */
function handClock(): Clock & { wall: number; mono: number; pauses: number[]; wake(): void } {
  const sleepers: (() => void)[] = [];
  return {
    pauses: [],
    wall: 1_800_000_000_000,
    mono: 0,
    now() {
      return this.wall;
    },
    monotonic() {
      return this.mono;
    },
    sleep(ms, signal) {
      this.pauses.push(ms);
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        sleepers.push(resolve);
      });
    },
    wake() {
      for (const resolve of sleepers.splice(0)) resolve();
    },
  };
}

function twoBeats(folder: string) {
  const path = join(folder, 'beat.sqlite');
  const clock = handClock();
  const [ours, theirs] = [1, 2].map(() => openFile(path, { clock, lockTtl: TTL }));
  return { clock, ours: ours!, theirs: theirs!, close: () => [ours, theirs].map((s) => s!.close()) };
}

test('sqlite lock: a lock without renewals expires after its TTL, even if the wall clock was set back', async () => {
  using folder = new Folder();
  const { clock, ours, theirs, close } = twoBeats(folder.path);
  await ours.lock.acquire();
  clock.wall -= 3_600_000;

  expect(await theirs.lock.acquire()).toBeNull();
  clock.mono += TTL - 1;
  expect(await theirs.lock.acquire()).toBeNull();
  clock.mono += 1;
  expect(await theirs.lock.acquire()).not.toBeNull();
  await Promise.all(close());
});

test('sqlite lock: a renewed lock never expires for a follower', async () => {
  using folder = new Folder();
  const { clock, ours, theirs, close } = twoBeats(folder.path);
  const lease = await ours.lock.acquire();
  for (let i = 0; i < 10; i++) {
    expect(await theirs.lock.acquire()).toBeNull();
    clock.mono += TTL / 2;
    clock.wall += TTL / 2;
    expect(await lease!.renew()).toBe(true);
  }
  await Promise.all(close());
});

test('sqlite lock: the wait of a follower ends when the lock expires', async () => {
  using folder = new Folder();
  const { clock, ours, theirs, close } = twoBeats(folder.path);
  await ours.lock.acquire();
  let heard = false;
  const waiting = theirs.lock.waitForRelease(new AbortController().signal).then(() => (heard = true));

  clock.wake();
  await theirs.lock.acquire();
  expect(heard).toBe(false);
  await settle();
  clock.wall += TTL;
  clock.wake();
  await waiting;
  await Promise.all(close());
});

test('sqlite lock: at the instant of expiry the lock is free, and its holder cannot renew it', async () => {
  using folder = new Folder();
  const { clock, ours, theirs, close } = twoBeats(folder.path);
  const lease = (await ours.lock.acquire())!;
  clock.wall += TTL - 1;
  expect(await theirs.lock.acquire()).toBeNull();
  expect(await lease.renew()).toBe(true);
  clock.wall += TTL;
  expect(await lease.renew()).toBe(false);
  expect(await theirs.lock.acquire()).not.toBeNull();
  await Promise.all(close());
});

test('sqlite lock: an attempt to acquire a held lock does not wait for a transaction of another process', async () => {
  using folder = new Folder();
  const { clock, ours, theirs, close } = twoBeats(folder.path);
  await ours.lock.acquire();
  // Opening the file writes; reading the lock does not.
  await theirs.lock.acquire();
  using worker = new DatabaseSync(join(folder.path, 'beat.sqlite'));
  worker.exec('BEGIN IMMEDIATE');
  expect(await theirs.lock.acquire()).toBeNull();
  expect(clock.pauses).toEqual([]);
  worker.exec('ROLLBACK');
  await Promise.all(close());
});

test('sqlite lock: a follower polls every 50 ms, also after a failed read', async () => {
  using folder = new Folder();
  const { clock, ours, theirs, close } = twoBeats(folder.path);
  await ours.lock.acquire();
  await theirs.lock.acquire();
  const stop = new AbortController();
  const waiting = theirs.lock.waitForRelease(stop.signal);
  using other = new DatabaseSync(join(folder.path, 'beat.sqlite'));
  const look = async () => {
    clock.wake();
    await settle();
  };
  await look();
  other.exec('ALTER TABLE beat_lock RENAME COLUMN ttl TO away');
  await look();
  other.exec('ALTER TABLE beat_lock RENAME COLUMN away TO ttl');
  await look();
  expect(clock.pauses).toEqual([50, 50, 50, 50]);
  stop.abort();
  await waiting;
  await Promise.all(close());
});
