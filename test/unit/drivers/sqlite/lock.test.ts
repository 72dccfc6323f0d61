import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/util/clock.ts';
import { openFile, temporaryFolder } from '../../../support/sqlite.ts';

const TTL = 8_000;

/** Both clocks are set by hand, and sleepers are woken by hand. */
function handClock(): Clock & { wall: number; mono: number; wake(): void } {
  const sleepers: (() => void)[] = [];
  return {
    wall: 1_800_000_000_000,
    mono: 0,
    now() {
      return this.wall;
    },
    monotonic() {
      return this.mono;
    },
    sleep: (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        sleepers.push(resolve);
      }),
    wake() {
      for (const resolve of sleepers.splice(0)) resolve();
    },
  };
}

function twoBeats(folder: string) {
  const path = join(folder, 'beat.sqlite');
  const clock = handClock();
  const [ours, theirs] = [1, 2].map(() => openFile(path, { clock, lockTtl: TTL }));
  return {
    clock,
    ours: ours!,
    theirs: theirs!,
    close: () => [ours, theirs].map((s) => s!.close()),
  };
}

test('a lock whose holder died is free after its TTL although the wall clock was set back', async () => {
  using folder = temporaryFolder();
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

test('a lock that is renewed is not free, however long a follower has watched it', async () => {
  using folder = temporaryFolder();
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

test('a follower hears when the lock expires, without asking for it', async () => {
  using folder = temporaryFolder();
  const { clock, ours, theirs, close } = twoBeats(folder.path);
  await ours.lock.acquire();
  let heard = false;
  const waiting = theirs.lock.released(new AbortController().signal).then(() => (heard = true));

  clock.wake();
  await theirs.lock.acquire();
  expect(heard).toBe(false);
  clock.wall += TTL;
  clock.wake();
  await waiting;
  await Promise.all(close());
});
