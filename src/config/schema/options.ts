import { z } from 'zod';
import { compression, serializer } from './encoding.ts';
import { duration, expires, flag, instant, map, MAP, name, whole } from './parts.ts';

/** Options of Celery's `apply_async`. */
export const optionsSchema = z.strictObject(
  {
    queue: name().optional(),
    priority: whole(0, 255, 'a whole number from 0 to 255').optional(),
    countdown: duration().optional(),
    eta: instant().optional(),
    expires: expires().optional(),
    timeLimit: duration().optional(),
    softTimeLimit: duration().optional(),
    headers: map().optional(),
    shadow: name().optional(),
    ignoreResult: flag().optional(),
    taskId: name().optional(),
    deliveryMode: z
      .literal([1, 2, 'transient', 'persistent'], "1, 2, 'transient' or 'persistent'")
      .optional(),
    serializer: serializer().optional(),
    compression: compression().optional(),
  },
  MAP,
);

export type OptionsInput = z.output<typeof optionsSchema>;
