import { z } from 'zod';
import { instant, shape, type ShapeOf } from '../../util/shape.ts';

// What `beat check --json` and `beat diff --json` show of configurations: see `status/shapes.ts`.

const diagnostics = z.array(
  shape(
    'Diagnostic',
    'An error or a warning about a configuration.',
    z.object({
      severity: z.enum(['error', 'warning']),
      message: z.string().describe('The value found, the values allowed, and the closest valid name if there is one.'),
      path: z.array(z.union([z.string(), z.int()])).describe('Keys and indexes from the root of the configuration.'),
      file: z.string().optional(),
      line: z.int().optional().describe('From 1; absent where the format has no lines.'),
    }),
  ),
);

export const configurationCheck = shape(
  'ConfigurationCheck',
  'What `beat check --json` prints.',
  z.union([
    shape(
      'ValidConfiguration',
      'A configuration that a start would use.',
      z.object({
        ok: z.literal(true),
        files: z.array(z.string()),
        entries: z.int().describe('Without the entries in `installed`.'),
        installed: z.array(z.string()).describe('Entries that beat adds, as Celery does.'),
        notes: diagnostics.describe('Warnings about the configuration, and flags without an effect.'),
      }),
    ),
    shape(
      'InvalidConfiguration',
      'A configuration that a start would reject.',
      z.object({ ok: z.literal(false), errors: diagnostics.describe('All errors.') }),
    ),
  ]),
);
export type ConfigurationCheck = ShapeOf<typeof configurationCheck>;

const entries = z.array(
  z.object({
    entry: z.string(),
    task: z.string(),
    schedule: z.string().describe('The rule in words, or its `spec`.'),
    spec: z.string().describe('The rule, without loss.'),
  }),
);
const instants = z.object({ count: z.int(), first: z.array(instant).describe('At most three.') });

export const configurationDiff = shape(
  'ConfigurationDiff',
  'How two configurations differ, as `beat diff --json` prints it.',
  z.object({
    added: entries,
    removed: entries,
    edited: z.array(
      z.object({
        entry: z.string(),
        fields: z.array(
          z.object({
            field: z.string().describe('Such as `options.queue`.'),
            before: z.unknown().optional().describe('Absent if there was none; secrets are hidden.'),
            after: z.unknown().optional().describe('Absent if there is none; secrets are hidden.'),
          }),
        ),
      }),
    ),
    after: instant.describe('Occurrences are compared that are later than this.'),
    until: instant.describe('The last instant that is compared.'),
    occurrences: z
      .array(
        z.object({
          entry: z.string(),
          appear: instants,
          disappear: instants,
          partial: z.boolean().describe('Whether only the first 100,000 occurrences of the entry were compared.'),
        }),
      )
      .describe('Of the entries whose occurrences differ.'),
    notCompared: z.array(z.string()).describe('Entries with functions, which are not compared.'),
  }),
);
export type ConfigurationDiff = ShapeOf<typeof configurationDiff>;
