import { z } from 'zod';
import { expected, type Report } from '../validate.ts';
import {
  DURATION_FORMS,
  limitedDuration,
  parseDuration,
  whole,
  option,
  type ShapeOutput,
  mapOf,
} from '../values/option.ts';
import { DAY } from '../../schedule/instants.ts';
import { DEFAULT_HISTORY, type HistoryLimits } from '../../contracts/store/history.ts';

const DEFAULT_TTL = 8_000;
const SHORTEST_TTL = 1_000;
const DEFAULT_PREFIX = 'beat';

/** Below 1 s a busy host could lose the lock. */
const ttl = limitedDuration((ms) => ms >= SHORTEST_TTL && ms <= DAY, `from 1s to 1d (${DURATION_FORMS})`);
const lock = mapOf('LockConfig', {
  ttl: option(ttl, 'How long a leader that stops renewing the lock keeps it: 1 s to 1 day.', {
    default: `${DEFAULT_TTL / 1_000}s`,
    example: '15s',
  }),
});

export const lockShape = {
  lock: option(lock, 'The lock that decides which instance leads.', { example: { ttl: '15s' } }),
  keyPrefix: option.nonEmpty(
    'Prefix of every name under which beat stores state; two apps in one database need different ones.',
    { default: DEFAULT_PREFIX, example: 'shop' },
  ),
};

export function readLock({ lock, keyPrefix = DEFAULT_PREFIX }: ShapeOutput<typeof lockShape>) {
  return { lock: { ttl: parseDuration(lock?.ttl) ?? DEFAULT_TTL }, keyPrefix };
}

const MOST_ROWS = 1_000_000;
const SHORTEST_AGE = 60_000;
const LONGEST_AGE = 36_500 * DAY;

const FORMS = 'false, or a map such as {limit: 100, maxAge: 30d}';

const limits = mapOf(
  'HistoryConfig',
  {
    limit: option(
      whole(1, MOST_ROWS, `a whole number from 1 to ${MOST_ROWS}`),
      'Rows of each entry that are retained at least: runs, skipped stretches, and outcomes.',
      { default: DEFAULT_HISTORY.limit, example: 1_500 },
    ),
    maxAge: option.duration('How old a row may become: 1 minute to 100 years.', {
      default: `${DEFAULT_HISTORY.maxAge / DAY}d`,
      example: '90d',
    }),
  },
  { allowed: FORMS },
);

export const historyShape = {
  history: option(
    z.union([z.literal(false), limits], FORMS),
    'How much of what happened to each entry is retained, for `beat history`, `beat why` and `beat audit`; `false` for nothing.',
    { example: { limit: 1_500, maxAge: '90d' } },
  ),
};

export function readHistory({ history = {} }: ShapeOutput<typeof historyShape>, report: Report): HistoryLimits | null {
  if (history === false) return null;
  const maxAge = history.maxAge === undefined ? null : parseDuration(history.maxAge);
  if (maxAge !== null && (maxAge < SHORTEST_AGE || maxAge > LONGEST_AGE)) {
    report(['history', 'maxAge'], expected(`from 1m to 36500d (${DURATION_FORMS})`, history.maxAge));
  }
  return { limit: history.limit ?? DEFAULT_HISTORY.limit, maxAge: maxAge ?? DEFAULT_HISTORY.maxAge };
}
