import { z } from 'zod';
import { option, type ShapeOutput } from '../values/option.ts';
import { duration, whole } from '../values/scalars.ts';

const missed = () => z.enum(['once', 'skip', 'all'], "'once', 'skip' or 'all'");
const maxCatchUp = () => whole(1, 100_000, 'a whole number from 1 to 100,000');
const deadline = () => duration().nullable();

const MISSED =
  'What to do about runs that were missed: one run for the newest (`once`), none (`skip`), or each (`all`).';
const MAX_CATCH_UP = 'With `missed: all`, the most missed runs that are published: the newest.';
const DEADLINE = 'How long after its time a run is still published; `null` is without a limit.';

/** Defaults of all entries. */
export const missedShape = {
  missed: option(missed(), MISSED, { default: 'once', example: 'all' }),
  maxCatchUp: option(maxCatchUp(), MAX_CATCH_UP, { default: 1_000, unit: 'runs', example: 24 }),
  startingDeadline: option(deadline(), `${DEADLINE} Celery: \`beat_cron_starting_deadline\`.`, {
    default: null,
    example: '1h',
  }),
};

/** The same of one entry. */
export const entryMissedShape = {
  missed: option(missed(), MISSED, { otherwise: 'the setting `missed`', example: 'all' }),
  maxCatchUp: option(maxCatchUp(), MAX_CATCH_UP, {
    otherwise: 'the setting `maxCatchUp`',
    unit: 'runs',
    example: 24,
  }),
  startingDeadline: option(deadline(), DEADLINE, {
    otherwise: 'the setting `startingDeadline`',
    example: '1h',
  }),
};

/** The defaults of all entries, complete. */
export function readMissed({
  missed = 'once',
  maxCatchUp = 1_000,
  startingDeadline = null,
}: ShapeOutput<typeof missedShape>) {
  return { missed, maxCatchUp, startingDeadline } as const;
}
