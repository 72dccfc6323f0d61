import { z } from 'zod';
import { flag, name } from '../values/scalars.ts';

const SERIALIZER = "'json', which every receiver of events reads";

/** What is told of tasks to those who watch them. */
export const eventsShape = {
  taskSendSentEvent: flag().optional().describe('Tell Flower and the like of every task sent.'),
  eventExchange: name().optional().describe('Where events go. Default celeryev.'),
  eventSerializer: z.literal('json', SERIALIZER).optional(),
};
