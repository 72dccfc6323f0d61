import { z } from 'zod';
import { option, type ShapeOutput, duration, whole } from '../values/option.ts';
import { findLastTask, type Canvas } from '../../celery/canvas/canvas.ts';
import type { Entry, OverlapPolicy } from '../../entries/catalog/entry.ts';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { ResultOptions } from '../../drivers/open-store.ts';
import { explainNoOutcomes } from '../results/results.ts';
import type { Report } from '../validate.ts';

const missed = () => z.enum(['once', 'skip', 'all'], "'once', 'skip' or 'all'");
const maxCatchUp = () => whole(1, 100_000, 'a whole number from 1 to 100,000');
const deadline = () => duration().nullable();

const MISSED =
  'What to do about runs that were missed: one run for the newest (`once`), none (`skip`), or each (`all`).';
const MAX_CATCH_UP = 'With `missed: all`, the most missed runs that are published: the newest.';
const DEADLINE = 'How long after its time a run is still published; `null` is without a limit.';

export const missedShape = {
  missed: option(missed(), MISSED, { default: 'once', example: 'all' }),
  maxCatchUp: option(maxCatchUp(), MAX_CATCH_UP, { default: 1_000, unit: 'runs', example: 24 }),
  startingDeadline: option(deadline(), `${DEADLINE} Celery: \`beat_cron_starting_deadline\`.`, {
    default: null,
    example: '1h',
  }),
};

/** The settings for missed runs of one entry, which default to the settings of all entries. */
export const entryMissedShape = {
  missed: option(missed(), MISSED, { otherwise: 'the setting `missed`', example: 'all' }),
  maxCatchUp: option(maxCatchUp(), MAX_CATCH_UP, { otherwise: 'the setting `maxCatchUp`', unit: 'runs', example: 24 }),
  startingDeadline: option(deadline(), DEADLINE, { otherwise: 'the setting `startingDeadline`', example: '1h' }),
};

/** The defaults of all entries, complete. */
export function readMissed({
  missed = 'once',
  maxCatchUp = 1_000,
  startingDeadline = null,
}: ShapeOutput<typeof missedShape>) {
  return { missed, maxCatchUp, startingDeadline } as const;
}

/** What happens to an occurrence while an earlier run of the entry has no outcome. */
export const overlapShape = {
  overlap: option(
    z.enum(['allow', 'skip', 'queue', 'cancel'] satisfies OverlapPolicy[], "'allow', 'skip', 'queue' or 'cancel'"),
    'What happens to a run that is due while an earlier one has no outcome: it is published (`allow`), skipped, published later (`queue`), or replaces the other (`cancel`). See [outcomes](outcomes.md#overlap).',
    { default: 'allow', example: 'skip' },
  ),
  maxRuntime: option.duration(
    'With `overlap`: how long a run without an outcome counts as running, so that a lost result does not block the entry for ever.',
    { otherwise: '24 hours', example: '2h' },
  ),
};

interface Settings {
  readonly results: ResultOptions;
  readonly outcomes: boolean;
  readonly broker: Endpoint;
}

interface Limited extends Pick<Entry, 'options'> {
  readonly overlap: OverlapPolicy;
  readonly canvas: Canvas | undefined;
  readonly isShell: boolean;
}

/** Reports policies that cannot work because beat cannot read outcomes or cannot cancel tasks. */
export function checkOverlap(
  { overlap, options, canvas, isShell }: Limited,
  { results, outcomes, broker }: Settings,
  report: Report,
): void {
  if (overlap === 'allow') return;
  const unread = explainNoOutcomes(results, outcomes);
  if (unread !== null) report(['overlap'], `"${overlap}" ${unread}`);
  const needs = `has no outcome, which overlap "${overlap}" needs`;
  const last = canvas && findLastTask(canvas);
  if (last?.kind === 'group') report(['task'], `a group ${needs}`);
  const { ignoreResult } = last?.kind === 'task' ? { ...options, ...last.options } : options;
  if (ignoreResult === true) report(['options', 'ignoreResult'], `a run without a result ${needs}`);
  const { taskId } = options;
  if (taskId !== undefined && !taskId.includes('{{')) {
    report(['options', 'taskId'], `a fixed id is that of every run, so that none ${needs} of its own`);
  }
  const carriesCancel =
    broker.driver?.fanoutExchanges === true || (isShell && broker.driver?.loadMailbox !== undefined);
  if (overlap === 'cancel' && !carriesCancel) {
    const title = broker.driver?.title ?? broker.scheme;
    report(
      ['overlap'],
      `"cancel" needs Celery's remote control, which ${title} does not carry; use Redis or RabbitMQ, or "skip" or "queue"`,
    );
  }
}
