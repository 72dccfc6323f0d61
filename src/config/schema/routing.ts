import { z } from 'zod';
import { flag, name, whole } from './parts.ts';

const queueType = () => z.enum(['classic', 'quorum'], "'classic' or 'quorum'");

/** Which queues there are, and which task goes where. */
export const routingShape = {
  taskDefaultQueue: name().optional(),
  taskDefaultQueueType: queueType().optional(),
  taskCreateMissingQueueType: queueType().optional(),
  taskQueueMaxPriority: whole(1, 255, 'a whole number from 1 to 255').optional(),
  declareQueues: flag().optional().describe('AMQP: false leaves queues to others. Default true.'),
};
