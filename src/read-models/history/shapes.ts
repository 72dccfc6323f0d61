import { z } from 'zod';
import type { RunCause } from '../../celery/message/run.ts';
import { outcome, skipReason } from '../status/shapes.ts';
import { instant, instantOrNull, milliseconds, shape, type ShapeOf, textOrNull, unreadable } from '../../util/shape.ts';

// What the API, `--json` and the client show of the history: see `status/shapes.ts`.

const cause = z.enum(['schedule', 'catch-up', 'manual', 'backfill'] satisfies RunCause[]);

const run = shape(
  'Run',
  'A run that was committed: its messages were published, or wait in the outbox.',
  z.object({
    kind: z.literal('run'),
    entry: z.string(),
    dueAt: instant.describe('The nominal instant.'),
    sentAt: instant,
    latenessMs: milliseconds,
    cause,
    task: z.string(),
    taskId: z.string().describe('The id under which the result of the run is found.'),
    queue: z.string(),
    leader: z.string().describe('The origin of its messages, `gen<pid>@<host>`.'),
    term: z.int().describe("The fencing token of the leader's term."),
    number: z.int().describe('1 for the first run of the entry.'),
    command: textOrNull.describe('The id of the command that asked for it.'),
    withdrawn: skipReason
      .nullable()
      .describe('Why no queue has received it, although it was committed; `null` for other runs.'),
    outcome: outcome.nullable().describe('`null` while that is unknown.'),
  }),
);
export type RunView = ShapeOf<typeof run>;

const skip = shape(
  'Skip',
  'A stretch of occurrences that are never published.',
  z.object({
    kind: z.literal('skip'),
    entry: z.string(),
    first: instant,
    last: instant,
    count: z.int().nullable().describe('`null` if there are very many.'),
    reason: skipReason,
    at: instant.describe('When it was decided.'),
    term: z.int(),
  }),
);
export type SkipView = ShapeOf<typeof skip>;

const unreadableRow = shape(
  'UnreadableRow',
  'A row of the history that is damaged, or that another program wrote.',
  unreadable.extend({ entry: z.string() }),
);
export type UnreadableView = ShapeOf<typeof unreadableRow>;

export const historyRow = z.union([run, skip, unreadableRow]);
export type HistoryView = ShapeOf<typeof historyRow>;

export const historyPage = shape(
  'HistoryPage',
  'Runs with their outcomes, skipped stretches and unreadable rows, newest first, as `beat history --json` prints them.',
  z.object({
    entry: z.string(),
    rows: z.array(historyRow).describe('Fewer than `limit`, or none, where rows of outcomes are parts of runs.'),
    next: textOrNull.describe('`before` of the next page; `null` for the last.'),
  }),
);

const ACCOUNTS = [
  'published',
  'published-twice',
  'skipped',
  'waiting',
  'not-yet-due',
  'before-history',
  'unaccounted',
] as const;
export type AccountKind = (typeof ACCOUNTS)[number];
const accountStatus = z.enum(['not-due', ...ACCOUNTS]);

const recorded = {
  run: run.optional(),
  runs: z.array(run).optional().describe('Of an occurrence that was published twice.'),
  skip: skip.optional(),
};
export type RecordedView = Pick<OccurrenceView, keyof typeof recorded>;

const near = z.object({ at: instant, status: accountStatus, reasons: z.array(z.string()) });

export const why = shape(
  'Why',
  'Why an entry was or was not due at an instant, as `beat why --json` prints it.',
  z.object({
    entry: z.string(),
    at: instant,
    isDue: z.boolean().describe('Whether the schedule has this instant.'),
    schedule: z.string().describe('The rule in words.'),
    status: accountStatus.describe('What became of it.'),
    reasons: z.array(z.string()).describe('Sentences, the most important first.'),
    fields: z
      .object({
        local: z.string().describe('The local time that the fields are compared with.'),
        fields: z.array(z.object({ field: z.string(), rule: z.string(), value: z.string(), matches: z.boolean() })),
        notes: z.array(z.string()),
      })
      .nullable()
      .describe('`null` for a rule without fields, such as an interval.'),
    previous: instantOrNull.describe('The nearest occurrence before it.'),
    next: instantOrNull.describe('The nearest occurrence after it.'),
    before: near.optional().describe('What became of `previous`; absent at an occurrence.'),
    after: near.optional().describe('What became of `next`; absent at an occurrence.'),
    ...recorded,
  }),
);
export type WhyView = ShapeOf<typeof why>;
export type NearView = ShapeOf<typeof near>;

const occurrence = shape(
  'Occurrence',
  'An occurrence with what became of it.',
  z.object({ entry: z.string(), dueAt: instant, status: z.enum(ACCOUNTS), reason: skipReason.optional(), ...recorded }),
);
export type OccurrenceView = ShapeOf<typeof occurrence>;

const counts = Object.fromEntries(ACCOUNTS.map((kind) => [kind, z.int()])) as Record<AccountKind, z.ZodInt>;
const summary = shape(
  'AccountingSummary',
  'How many occurrences have each status, after all of them.',
  z.object({
    summary: z.object({
      entries: z.int(),
      unreadable: z.int().describe('Entries that cannot be read.'),
      unreadableRows: z.int(),
      scheduledLater: z.int().describe('Entries that were not scheduled during the whole period.'),
      ...counts,
    }),
  }),
);

export const accounting = shape(
  'Accounting',
  'A line of `beat audit --json`: an occurrence with what became of it, an unreadable row, or, at the end, the counts.',
  z.union([
    occurrence,
    shape(
      'UnreadableOccurrence',
      'A row of the history that cannot be read: what it says of an occurrence is not known.',
      unreadableRow.extend({ status: z.literal('unreadable') }),
    ),
    summary,
  ]),
);
export type AccountingLine = ShapeOf<typeof accounting>;

export const day = shape(
  'Day',
  'What became of the occurrences of the last 24 hours.',
  z.object({
    published: z.int(),
    skipped: z.int(),
    succeeded: z.int().describe('Runs whose task succeeded.'),
    failed: z.int().describe('Runs whose task ended otherwise.'),
  }),
);
