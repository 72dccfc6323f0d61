import { CronExpressionParser } from 'cron-parser';
import { cron } from '../src/schedule/cron/cron.ts';
import { percentile } from './stats.ts';
import { atMost, type Bench, type Row } from './table.ts';

const EXPRESSIONS = [
  ['* * * * *', 'UTC'],
  ['*/5 * * * *', 'UTC'],
  ['0 * * * *', 'Europe/Berlin'],
  ['30 4 * * *', 'Europe/Berlin'],
  ['*/10 9-17 * * 1-5', 'America/New_York'],
  ['0 0 1 * *', 'UTC'],
  ['0 12 29 2 *', 'UTC'],
] as const;

/**
 * Expressions whose times are always in a gap of the clocks, or on no date, so that their search takes long, with
 * several zones of the same changes for each. Each zone is used once, because its answer is cached.
 */
const SEARCHES = [
  ['*/15 2 * 3 0#2', ['New_York', 'Chicago', 'Denver', 'Los_Angeles', 'Toronto']],
  ['0 */15 2 * 3 0#2 2027-2199', ['Detroit', 'Halifax', 'Boise', 'Winnipeg', 'Vancouver']],
  ['0 0 30 2 *', ['Edmonton', 'Juneau', 'Nome', 'Moncton', 'Menominee']],
] as const;
/** Milliseconds. */
const LONGEST_SEARCH = 10;

const SPAN = 10 * 365 * 86_400_000;
const END = Date.UTC(2035, 0, 1);

/** One `next` of a crontab: for a new instant, and for the same instant again. */
export const next: Bench = ({ quick }) => {
  const questions = instants(quick ? 2_000 : 20_000);
  const few = questions.slice(0, questions.length / 10);
  const found = EXPRESSIONS.map(([expression, timezone]): Row => {
    const schedule = cron(expression, { timezone });
    const first = perCall(questions, (after) => schedule.next(after));
    const again = perCall(questions, () => schedule.next(questions[0]!));
    const parser = perCall(few, (after) =>
      CronExpressionParser.parse(expression, { currentDate: after, tz: timezone }).next(),
    );
    return {
      bench: 'next()',
      what: `${expression}  ${timezone}`,
      figure: `${first.toFixed(2)} µs first, ${again.toFixed(2)} µs again`,
      behind: `cron-parser ${parser.toFixed(0)} µs`,
    };
  });
  return [...found, ...SEARCHES.map(longSearch)];
};

/** Until a schedule is known never to be due, as at a start: the first question to its zone. */
function longSearch([expression, zones]: (typeof SEARCHES)[number]): Row {
  const times = zones.map((zone) => {
    const schedule = cron(expression, { timezone: `America/${zone}` });
    const started = performance.now();
    schedule.next(new Date(Date.UTC(2026, 0)));
    return performance.now() - started;
  });
  const median = percentile(times, 50);
  return {
    bench: 'next()',
    what: `${expression}  never due`,
    figure: `${median.toFixed(1)} ms`,
    wanted: atMost(LONGEST_SEARCH, median, (ms) => `${ms.toFixed(1)} ms`),
  };
}

/** Microseconds, the median of several passes over all questions. */
function perCall(questions: readonly Date[], ask: (after: Date) => unknown): number {
  const passes = Array.from({ length: 7 }, () => {
    const started = performance.now();
    for (const question of questions) ask(question);
    return ((performance.now() - started) * 1_000) / questions.length;
  });
  return percentile(passes, 50);
}

/** Backwards: the last answer is one for later questions. */
function instants(length: number): Date[] {
  return Array.from({ length }, (_, i) => new Date(END - (i * SPAN) / length));
}
