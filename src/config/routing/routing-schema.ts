import { z } from 'zod';
import { flag, name, whole } from '../values/scalars.ts';
import { deliveryMode, exchangeType, maxPriority } from './queue-schema.ts';

const queueType = () => z.enum(['classic', 'quorum'], "'classic' or 'quorum'");

/** Which queues there are, and which task goes where; the tables of both stand apart. */
export const routingShape = {
  taskDefaultQueue: name().optional(),
  taskDefaultQueueType: queueType().optional(),
  taskDefaultExchange: name().optional().describe('Default: the name of the default queue.'),
  taskDefaultExchangeType: exchangeType().optional(),
  taskDefaultRoutingKey: name().optional().describe('Default: the name of the default queue.'),
  taskDefaultDeliveryMode: deliveryMode().optional(),
  taskDefaultPriority: whole(0, 255, 'a whole number from 0 to 255').optional(),
  taskIgnoreResult: flag().optional(),
  taskCreateMissingQueues: flag().optional(),
  taskCreateMissingQueueType: queueType().optional(),
  taskCreateMissingQueueExchangeType: exchangeType().optional(),
  taskQueueMaxPriority: maxPriority().optional(),
  declareQueues: flag().optional().describe('AMQP: false leaves queues to others. Default true.'),
};

/** The tables as they are read: row by row, each by its own schema. */
export const looseTables = {
  taskQueues: z.unknown().optional(),
  taskRoutes: z.unknown().optional(),
};
