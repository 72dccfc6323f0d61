import { z } from 'zod';
import { DEFAULT_HISTORY, type HistoryLimits } from '../../contracts/store/history.ts';
import { expected, type Report } from '../validate.ts';
import { DAY, DURATION_FORMS, parseDuration } from '../values/duration.ts';
import { named, option, type ShapeOutput } from '../values/option.ts';
import { duration, whole } from '../values/scalars.ts';

const MOST_ROWS = 1_000_000;
const SHORTEST_AGE = 60_000;
const LONGEST_AGE = 36_500 * DAY;

const FORMS = 'false, or a map such as {limit: 100, maxAge: 30d}';

const limits = named(
  z.strictObject(
    {
      limit: option(
        whole(1, MOST_ROWS, `a whole number from 1 to ${MOST_ROWS}`),
        'Rows of each entry that are retained at least: runs, skipped stretches, and outcomes.',
        { default: DEFAULT_HISTORY.limit, example: 1_500 },
      ),
      maxAge: option(duration(), 'How old a row may become: 1 minute to 100 years.', {
        default: `${DEFAULT_HISTORY.maxAge / DAY}d`,
        example: '90d',
      }),
    },
    FORMS,
  ),
  'HistoryConfig',
);

/** What is recorded of runs and skipped occurrences. */
export const historyShape = {
  history: option(
    z.union([z.literal(false), limits], FORMS),
    'How much of what happened to each entry is retained, for `beat history`, `beat why` and `beat audit`; `false` for nothing.',
    { example: { limit: 1_500, maxAge: '90d' } },
  ),
};

export function readHistory(
  { history = {} }: ShapeOutput<typeof historyShape>,
  report: Report,
): HistoryLimits | null {
  if (history === false) return null;
  const maxAge = history.maxAge === undefined ? null : parseDuration(history.maxAge);
  if (maxAge !== null && (maxAge < SHORTEST_AGE || maxAge > LONGEST_AGE)) {
    report(
      ['history', 'maxAge'],
      expected(`from 1m to 36500d (${DURATION_FORMS})`, history.maxAge),
    );
  }
  return {
    limit: history.limit ?? DEFAULT_HISTORY.limit,
    maxAge: maxAge ?? DEFAULT_HISTORY.maxAge,
  };
}
