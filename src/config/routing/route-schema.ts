import { z } from 'zod';
import { MAP, name } from '../values/scalars.ts';
import { optionsSchema } from '../options/schema.ts';

/** What a route may say of a task: a name is that of a queue. */
export const ROUTE = 'the name of a queue, or a map of queue, exchange, routingKey, priority, …';

/** What Celery's routing may add to the options of a task; the rest belongs to the task. */
export const routeSchema = optionsSchema.pick({
  queue: true,
  exchange: true,
  exchangeType: true,
  routingKey: true,
  priority: true,
  deliveryMode: true,
  headers: true,
  serializer: true,
  compression: true,
});

const route = z.union([name(), routeSchema], ROUTE);
const table = z.record(name(), route, MAP);
const pair = z.tuple([name(), route]);

/** For editors; what may stand in code alone, they do not know. */
export const taskRoutesSchema = z.union([table, z.array(z.union([table, pair, z.array(pair)]))]);
