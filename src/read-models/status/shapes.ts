import { z } from 'zod';
import { SKIP_REASONS, type SkipReason } from '../../celery/message/skip-reasons.ts';
import { instant, instantOrNull, milliseconds, shape, type ShapeOf, textOrNull, unreadable } from '../../util/shape.ts';

// What the API, `--json` and the client show of entries and instances. Each schema gives the type, a part of the OpenAPI document, and a
// section of docs/api.md.

const source = z
  .enum(['configuration', 'store'])
  .describe('Where it is defined: in the configuration, or, created at run time, in the store.');

export const skipReason = z.enum(Object.keys(SKIP_REASONS) as [SkipReason, ...SkipReason[]]);

export const outcome = shape(
  'Outcome',
  'How the task of a run ended.',
  z.object({
    state: z.string().describe("Celery's state of the task, such as `SUCCESS`."),
    doneAt: instant,
    runtimeMs: milliseconds.nullable().describe('`null` if unknown.'),
    worker: textOrNull,
    error: textOrNull.describe('The text of the exception; `null` unless it failed.'),
  }),
);
export type Outcome = ShapeOf<typeof outcome>;

const lastOutcome = outcome.extend({ taskId: z.string(), dueAt: instant });
export type LastOutcome = ShapeOf<typeof lastOutcome>;

const entryStatus = shape(
  'EntryStatus',
  'An entry with its state.',
  z.object({
    entry: z.string(),
    source,
    task: z.string(),
    schedule: z.string().describe('The rule in words, or its `spec`.'),
    description: z.string().optional(),
    timezone: textOrNull.describe('The IANA zone of its schedule; `null` for a rule without one.'),
    enabled: z.boolean(),
    paused: z.object({ since: instant, until: instantOrNull, reason: textOrNull, by: z.string() }).nullable(),
    skipping: z.array(instant).describe('Occurrences to come that are skipped.'),
    lastDueAt: instantOrNull.describe('The newest occurrence that was published or skipped.'),
    lastSentAt: instantOrNull.describe('When the last run was published.'),
    lastTaskId: textOrNull,
    lastSkipped: z
      .object({ dueAt: instant, reason: skipReason })
      .nullable()
      .describe('The newest occurrence, if it was skipped and nothing was published since.'),
    lastOutcome: lastOutcome
      .nullable()
      .optional()
      .describe('Of the newest run whose end is known; absent if no history is recorded.'),
    runCount: z.int(),
    running: z
      .array(z.object({ taskId: z.string(), dueAt: instant, sentAt: instant }))
      .optional()
      .describe('Runs without an outcome, oldest first; only if runs must not overlap.'),
    nextDueAt: instantOrNull.describe('The next occurrence that will be published.'),
  }),
);
export type EntryStatus = ShapeOf<typeof entryStatus> & { readonly error?: never };

const unreadableEntry = shape(
  'UnreadableEntry',
  'An entry whose state or definition cannot be read. It does not run.',
  z.object({ entry: z.string(), source, error: z.string().describe('What cannot be read, and how to repair it.') }),
);
export type UnreadableEntry = ShapeOf<typeof unreadableEntry>;

export const entryRow = shape(
  'Entry',
  'An entry, as `beat list --json` prints it.',
  z.union([entryStatus, unreadableEntry]),
);
/** One entry in a list of all; only an unreadable one has an `error`. */
export type StatusRow = EntryStatus | UnreadableEntry;

export const statusPage = shape(
  'StatusPage',
  'Declared entries in their order, and then stored entries in the order in which they are due. A search first finds stored entries whose names begin with the text.',
  z.object({
    entries: z.array(entryRow).describe('Fewer than `limit` if the search goes on with `next`.'),
    next: textOrNull.describe('`after` of the next page; `null` for the last.'),
    searched: z.int().nullable().describe('Stored entries that an unfinished search has looked at; `null` for none.'),
    declared: z.int().describe('Entries of the configuration.'),
  }),
);

export type StatusPage = Omit<ShapeOf<typeof statusPage>, 'entries'> & { readonly entries: readonly StatusRow[] };

export const nextInstants = shape(
  'NextInstants',
  'When an entry is published next.',
  z.object({
    entry: z.string(),
    next: z.array(instant),
    partial: z.boolean().describe('Whether more are due, which would take too long to search.'),
  }),
);

export const nextOccurrence = shape(
  'NextOccurrence',
  'A line of `beat next --json`.',
  z.object({ entry: z.string(), dueAt: instant }),
);
export type NextOccurrence = ShapeOf<typeof nextOccurrence>;

const instance = shape(
  'Instance',
  'An instance that was seen within 15 seconds, as `beat instances --json` prints it.',
  z.object({
    id: z.string().describe('Unique for each start of an instance.'),
    host: z.string(),
    pid: z.int().nullable(),
    version: z.string(),
    role: z.enum(['leader', 'follower']),
    term: z.int().nullable().describe('The fencing token of its term; `null` for a follower.'),
    startedAt: instant.describe('By its own clock.'),
    skewMs: milliseconds.nullable().describe('How far its clock is ahead, as leaders measure.'),
    seenAgoMs: milliseconds.describe('Since it announced itself, by the clock of the store.'),
  }),
);

export const instanceRow = z.union([instance, unreadable]);
/** Without `seenAgoMs`, which changes all the time. */
export const streamedInstance = z.union([instance.omit({ seenAgoMs: true }), unreadable]);
export type InstanceRow = ShapeOf<typeof instanceRow>;
export const instances = shape(
  'Instances',
  'The leader first, then by host and start.',
  z.object({ instances: z.array(instanceRow) }),
);

export const health = shape(
  'Health',
  'The health of a process of beat on this host: a line of `beat healthcheck`.',
  z.object({
    pid: z.int(),
    alive: z.boolean().describe('Whether its loop made progress in the last minute.'),
    idleMs: milliseconds.nullable().describe('Since its loop last made progress; `null` if it did not answer.'),
    blockedEntries: z
      .array(z.string())
      .optional()
      .describe('The first ten entries that it cannot schedule because their stored state is unreadable.'),
    reloadError: z
      .string()
      .optional()
      .describe('Why the last reload failed, so that an earlier configuration is in force.'),
  }),
);
export type Health = ShapeOf<typeof health>;
