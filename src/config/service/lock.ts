import { z } from 'zod';
import { expected, type Report } from '../validate.ts';
import { DAY, DURATION_FORMS, parseDuration } from '../values/duration.ts';
import { named, option, type ShapeOutput } from '../values/option.ts';
import { duration, MAP, name } from '../values/scalars.ts';

const DEFAULT_TTL = 8_000;
const SHORTEST_TTL = 1_000;
const DEFAULT_PREFIX = 'beat';

const lock = named(
  z.strictObject(
    {
      ttl: option(
        duration(),
        'How long a leader that stops renewing the lock keeps it: 1 s to 1 day.',
        { default: `${DEFAULT_TTL / 1_000}s`, example: '15s' },
      ),
    },
    MAP,
  ),
  'LockConfig',
);

/** The lock, and the names under which state is stored. */
export const lockShape = {
  lock: option(lock, 'The lock that decides which instance leads.', {
    example: { ttl: '15s' },
  }),
  keyPrefix: option(
    name(),
    'Prefix of every name under which beat stores state; two apps in one database need different ones.',
    { default: DEFAULT_PREFIX, example: 'shop' },
  ),
};

/** `ttl` from 1 s, below which a busy host could lose the lock, to a day. */
export function readLock(
  lock: ShapeOutput<typeof lockShape>['lock'],
  report: Report,
): { ttl: number } {
  if (lock?.ttl === undefined) return { ttl: DEFAULT_TTL };
  const ttl = parseDuration(lock.ttl) ?? DEFAULT_TTL;
  if (ttl < SHORTEST_TTL || ttl > DAY) {
    report(['lock', 'ttl'], expected(`from 1s to 1d (${DURATION_FORMS})`, lock.ttl));
  }
  return { ttl };
}

export function readKeyPrefix({ keyPrefix }: ShapeOutput<typeof lockShape>): string {
  return keyPrefix ?? DEFAULT_PREFIX;
}
