import { z } from 'zod';
import { instant, shape, unreadable, type ShapeOf } from '../../util/shape.ts';

/** A text that URLs and UTF-8 can contain. */
const text = z.string().refine((value) => value.isWellFormed());

export const auditRow = shape(
  'AuditRow',
  'What became of a command: the answer to its sender, and a row of the audit trail.',
  z.object({
    id: text,
    do: text.nullable().describe('`null` for a command that cannot be parsed and does not name one that exists.'),
    entry: text.nullable().describe('`null` for a command about no entry, or about several.'),
    by: text,
    reason: text.nullable(),
    at: instant.nullable().describe('When it was sent, by the clock of its sender.'),
    status: z.enum(['applied', 'rejected']),
    answer: text.describe('What was done, or why it was rejected; one sentence.'),
    answeredAt: instant.describe("When the leader dealt with it, by the leader's clock."),
    term: z.int().min(0).describe('The fencing token of that leader.'),
  }),
);
export type AuditRow = ShapeOf<typeof auditRow>;

export const audit = shape(
  'Audit',
  'The commands that were answered, the newest first.',
  z.object({ rows: z.array(z.union([auditRow, unreadable])) }),
);

export const pending = shape(
  'Pending',
  'The answer to a command that is stored, and is applied when an instance leads.',
  z.object({ id: z.string(), status: z.literal('pending') }),
);
export type Pending = ShapeOf<typeof pending>;
