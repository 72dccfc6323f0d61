import { z } from 'zod';
import type { WhyView } from '../../read-models/history/view-why.ts';
import { isPlace } from '../../read-models/status/status-page.ts';
import { readExactInstant, REQUEST_INSTANT_FORMS } from '../request-instant.ts';

const instant = () => z.iso.datetime();
const nullable = (schema: z.ZodType) => schema.nullable();

/** The schemas of the API by the names that they have in its document. */
export const SCHEMAS = z.registry<{ id: string; description?: string }>();

function component<S extends z.ZodType>(id: string, schema: S, description?: string): S {
  SCHEMAS.add(schema, { id, ...(description !== undefined && { description }) });
  return schema;
}

const upTo = (most: number) => {
  const text = `a whole number from 1 to ${most}`;
  return z.coerce.number(text).int(text).min(1, text).max(most, text);
};
const limit = (most: number, otherwise: number) => upTo(most).default(otherwise);

const search = z
  .string()
  .max(200, 'at most 200 characters')
  .default('')
  .describe('Part of a name, or of a task of the configuration, in any case.');
const PLACE = '`next` of the page before';
const after = z.string().refine(isPlace, PLACE).nullable().default(null).describe(`${PLACE}.`);

export const statusQuery = z.strictObject({ search, limit: limit(1_000, 100), after });

export const nextQuery = z.strictObject({ count: limit(1_000, 20) });
export const historyQuery = z.strictObject({
  limit: limit(1_000, 100),
  before: z
    .string()
    .regex(/^\d{1,15}(-[\w-]+)?$/, PLACE)
    .optional()
    .describe(`${PLACE}.`),
});
export const whyQuery = z.strictObject({
  at: z
    .string()
    .refine((text) => readExactInstant(text) !== null, REQUEST_INSTANT_FORMS)
    .optional()
    .describe('An instant in ISO 8601 with an offset or `Z`; now without it.'),
});
export const auditQuery = z.strictObject({ limit: limit(10_000, 100) });
export const commandQuery = z.strictObject({
  wait: z.coerce
    .number('a number of milliseconds from 0 to 30000')
    .min(0, 'a number of milliseconds from 0 to 30000')
    .max(30_000, 'a number of milliseconds from 0 to 30000')
    .default(5_000)
    .describe('How long to wait for the answer of the leader, in milliseconds.'),
});
export const eventsQuery = z.strictObject({
  entry: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .describe('Names of up to 200 entries whose status is streamed.'),
  limit: upTo(200)
    .optional()
    .describe('With it, the entries of this page of `/api/status` are streamed too.'),
  ...{ search, after },
});

const source = z.enum(['configuration', 'store']);

export const status = component(
  'Status',
  z.union([
    z.object({
      entry: z.string(),
      source,
      task: z.string(),
      schedule: z.string().describe('The rule in words.'),
      description: z.string().optional(),
      timezone: nullable(z.string()),
      enabled: z.boolean(),
      paused: nullable(
        z.object({
          since: instant(),
          until: nullable(instant()),
          reason: nullable(z.string()),
          by: z.string(),
        }),
      ),
      skipping: z.array(instant()).describe('Occurrences to come that are skipped.'),
      lastDueAt: nullable(instant()),
      lastSentAt: nullable(instant()),
      lastTaskId: nullable(z.string()),
      lastSkipped: nullable(z.object({ dueAt: instant(), reason: z.string() })),
      lastOutcome: nullable(
        z.object({
          taskId: z.string(),
          dueAt: instant(),
          state: z.string(),
          doneAt: instant(),
          runtimeMs: nullable(z.number()),
          worker: nullable(z.string()),
          error: nullable(z.string()),
        }),
      )
        .optional()
        .describe('How the newest run whose end is known ended; absent without a history.'),
      runCount: z.int(),
      nextDueAt: nullable(instant()).describe('The next occurrence that will be published.'),
    }),
    z.object({ entry: z.string(), source, error: z.string().describe('Why it does not run.') }),
  ]),
  'An entry, as `beat list --json` prints it.',
);

export const statusPage = component(
  'StatusPage',
  z.object({
    entries: z.array(status).describe('Fewer than `limit` if the search goes on with `next`.'),
    next: nullable(z.string()),
    searched: nullable(z.int()).describe('Stored entries that an unfinished search has looked at.'),
    declared: z.int(),
  }),
  'Entries of the configuration in its order, and then stored entries in the order in which they are due. ' +
    'A search first finds stored entries whose names begin with the text.',
);

export const nextInstants = component(
  'NextInstants',
  z.object({
    entry: z.string(),
    next: z.array(instant()),
    partial: z.boolean().describe('Whether more are due, which would take too long to search.'),
  }),
);

const unreadable = component(
  'Unreadable',
  z.object({
    kind: z.literal('unreadable'),
    id: z.string().describe('The position of a row, or the id of a command or an instance.'),
    at: nullable(instant()).describe('When it was written; `null` if it does not say so.'),
    reason: z.string().describe('What was expected, and the beginning of what was found.'),
    repair: z.string().describe('The shell command that removes it, or when it expires.'),
  }),
  'A record that is damaged, or that another program wrote.',
);

export const historyPage = component(
  'HistoryPage',
  z.object({
    entry: z.string(),
    rows: z
      .array(z.union([unreadable, z.looseObject({ kind: z.enum(['run', 'skip', 'outcome']) })]))
      .describe('Newest first.'),
    next: nullable(z.string()),
  }),
  'Runs, skipped stretches and outcomes of an entry, whose instants are epoch milliseconds, and unreadable rows.',
);

/** What may have become of an instant. */
const STATUSES = [
  'not-due',
  'not-yet-due',
  'waiting',
  'published',
  'published-twice',
  'skipped',
  'before-history',
  'unaccounted',
] as const satisfies readonly WhyView['status'][];
const near = z.object({ at: instant(), status: z.enum(STATUSES), reasons: z.array(z.string()) });
const rows = () => z.looseObject({ kind: z.string() });

export const why = component(
  'Why',
  z.object({
    entry: z.string(),
    at: instant(),
    isDue: z.boolean().describe('Whether the schedule has this instant.'),
    schedule: z.string().describe('The rule in words.'),
    status: z.enum(STATUSES).describe('What became of it.'),
    reasons: z.array(z.string()).describe('Sentences, the most important first.'),
    fields: nullable(
      z.object({
        local: z.string().describe('The local time that the fields are compared with.'),
        fields: z.array(
          z.object({
            ...{ field: z.string(), rule: z.string(), value: z.string() },
            matches: z.boolean(),
          }),
        ),
        notes: z.array(z.string()),
      }),
    ),
    ...{ previous: nullable(instant()), next: nullable(instant()) },
    before: near.optional().describe('What became of the occurrence before; if this is not one.'),
    after: near.optional().describe('What became of the occurrence after it; if this is not one.'),
    run: rows().optional(),
    runs: z.array(rows()).optional().describe('Of an occurrence that was published twice.'),
    skip: rows().optional(),
  }),
  'Why an entry was or was not due, as `beat why --json` prints it.',
);

export const auditRow = component(
  'AuditRow',
  z.object({
    id: z.string(),
    do: nullable(z.string()),
    entry: nullable(z.string()),
    by: z.string(),
    reason: nullable(z.string()),
    at: nullable(instant()),
    status: z.enum(['applied', 'rejected']),
    answer: z.string(),
    answeredAt: instant(),
    term: z.number(),
  }),
  'What became of a command.',
);

export const audit = component(
  'Audit',
  z.object({ rows: z.array(z.union([unreadable, auditRow])) }),
  'Newest first.',
);

export const pending = component(
  'Pending',
  z.object({ id: z.string(), status: z.literal('pending') }),
  'The command is stored, and applied when an instance leads.',
);

const instance = z.object({
  id: z.string(),
  host: z.string(),
  pid: nullable(z.int()),
  version: z.string(),
  role: z.enum(['leader', 'follower']),
  term: nullable(z.number()),
  startedAt: instant(),
  skewMs: nullable(z.number()),
  seenAgoMs: z.number(),
});

export const instances = component(
  'Instances',
  z.object({ instances: z.array(z.union([unreadable, instance])) }),
  'Instances that were seen within 15 seconds.',
);

const definition = z.record(z.string(), z.unknown());
const common = {
  id: z.string().optional().describe('Unique; a command that is sent twice is applied once.'),
  by: z.string().optional().describe('For the audit log; ignored for users that a proxy names.'),
  reason: z.string().optional(),
};
const entry = z.string();

export const command = component(
  'Command',
  z.discriminatedUnion('do', [
    z.strictObject({ do: z.literal('pause'), entry, until: instant().optional(), ...common }),
    z.strictObject({ do: z.literal('resume'), entry, ...common }),
    z.strictObject({ do: z.literal('run'), entry, ...common }),
    z.strictObject({ do: z.literal('skip'), entry, dueAt: instant().optional(), ...common }),
    z.strictObject({ do: z.literal('backfill'), entry, from: instant(), to: instant(), ...common }),
    z.strictObject({
      do: z.literal('add'),
      entry: entry.optional(),
      definition: definition.optional(),
      entries: z.record(z.string(), definition).optional(),
      ...common,
    }),
    z.strictObject({ do: z.literal('update'), entry, definition, ...common }),
    z.strictObject({ do: z.literal('remove'), entry, ...common }),
    z.strictObject({ do: z.literal('reload'), ...common }),
  ]),
  'A command: see docs/commands.md.',
);

export const problem = component(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    errors: z
      .array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() }))
      .optional(),
  }),
  'An error: RFC 9457.',
);
