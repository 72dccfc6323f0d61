import { z } from 'zod';
import { instant, milliseconds, shape, type ShapeOf } from '../../util/shape.ts';
import { ALERT_KINDS } from './schema.ts';

export const alert = shape(
  'Alert',
  'What a webhook is called with. A field that the kind of alert does not have is `null`.',
  z.object({
    kind: z.enum(ALERT_KINDS),
    entry: z.string(),
    text: z.string().describe('One line for people.'),
    at: instant,
    task: z.string().nullable(),
    taskId: z.string().nullable(),
    dueAt: instant
      .nullable()
      .describe('The nominal instant of the run, or the first that was missed.'),
    sentAt: instant.nullable(),
    latenessMs: milliseconds.nullable(),
    state: z.string().nullable().describe("Celery's state of the task."),
    error: z.string().nullable(),
    worker: z.string().nullable(),
    runtimeMs: milliseconds.nullable(),
    reason: z.string().nullable().describe('Why occurrences were skipped.'),
    count: z.int().nullable().describe('How many were skipped; `null` if there are very many.'),
  }),
);
export type Alert = ShapeOf<typeof alert>;
