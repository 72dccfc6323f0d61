import { z } from 'zod';
import { instant, instantOrNull, milliseconds, shape, type ShapeOf, textOrNull } from '../../util/shape.ts';

export const ALERT_KINDS = ['failure', 'late', 'missed', 'recovered'] as const;

export type AlertKind = (typeof ALERT_KINDS)[number];

export const alert = shape(
  'Alert',
  'What a webhook is called with. A field that the kind of alert does not have is `null`.',
  z.object({
    kind: z.enum(ALERT_KINDS),
    entry: z.string(),
    text: z.string().describe('One line for people.'),
    at: instant,
    task: textOrNull,
    taskId: textOrNull,
    dueAt: instantOrNull.describe('The nominal instant of the run, or the first that was missed.'),
    sentAt: instantOrNull,
    latenessMs: milliseconds.nullable(),
    state: textOrNull.describe("Celery's state of the task."),
    error: textOrNull,
    worker: textOrNull,
    runtimeMs: milliseconds.nullable(),
    reason: textOrNull.describe('Why occurrences were skipped.'),
    count: z.int().nullable().describe('How many were skipped; `null` if there are very many.'),
  }),
);
export type Alert = ShapeOf<typeof alert>;

/** Receives an alert; a rejection, or no end within the time of a request, is tried again like a failed request. */
export type AlertFunction = (alert: Alert, signal: AbortSignal) => unknown;
