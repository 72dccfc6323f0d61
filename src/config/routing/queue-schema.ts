import { z } from 'zod';
import { duration, flag, map, MAP, name, whole } from '../values/scalars.ts';

const TYPES = ['direct', 'topic', 'fanout', 'headers'] as const;

export const exchangeType = () => z.enum(TYPES, "'direct', 'topic', 'fanout' or 'headers'");
export const deliveryMode = () =>
  z.literal([1, 2, 'transient', 'persistent'], "1, 2, 'transient' or 'persistent'");
export const maxPriority = () => whole(1, 255, 'a whole number from 1 to 255');
const length = () => whole(0, 2 ** 53 - 1, 'a whole number, not negative');
const TEXT = 'text';

const exchange = z.strictObject(
  {
    name: z.string(TEXT).describe('Empty: the default exchange.'),
    type: exchangeType().optional(),
    durable: flag().optional(),
    passive: flag().optional(),
    autoDelete: flag().optional(),
    deliveryMode: deliveryMode().optional(),
    arguments: map().optional(),
    noDeclare: flag().optional(),
  },
  'the name of an exchange, or a map of its name, type, durable, …',
);
const exchangeOrName = () => z.union([name(), exchange], 'the name of an exchange, or a map');

const binding = z.strictObject(
  {
    exchange: exchangeOrName(),
    exchangeType: exchangeType().optional(),
    routingKey: z.string(TEXT).optional(),
    arguments: map().optional(),
  },
  'a map of exchange, exchangeType and routingKey',
);

const queueShape = {
  exchange: exchangeOrName().optional().describe('What it is bound to; the default exchange.'),
  exchangeType: exchangeType().optional(),
  routingKey: z.string(TEXT).optional().describe('What it is bound by.'),
  bindingKey: z.string(TEXT).optional().describe('The same as routingKey, and before it.'),
  bindings: z.array(binding, 'a list of bindings').optional().describe('Further bindings.'),
  alias: name().optional(),
  durable: flag().optional(),
  autoDelete: flag().optional(),
  exclusive: flag().optional(),
  queueDurable: flag().optional(),
  queueAutoDelete: flag().optional(),
  exchangeDurable: flag().optional(),
  exchangeAutoDelete: flag().optional(),
  exchangeArguments: map().optional(),
  deliveryMode: deliveryMode().optional().describe('Of messages that name none.'),
  queueArguments: map().optional().describe("AMQP's, such as x-queue-type."),
  bindingArguments: map().optional(),
  expires: duration().optional().describe('RabbitMQ deletes a queue that nobody used for so long.'),
  messageTtl: duration().optional(),
  maxLength: length().optional(),
  maxLengthBytes: length().optional(),
  maxPriority: maxPriority().optional(),
  noDeclare: flag().optional().describe('Others make it.'),
  broadcast: flag().optional().describe("kombu's Broadcast: every worker gets each message."),
  queue: name().optional().describe('Broadcast: what workers call their queues.'),
  unique: flag().optional(),
  noAck: flag().optional(),
  consumerArguments: map().optional(),
};

/** A queue under its name. */
export const queueSchema = z.strictObject(queueShape, 'a map of exchange, routingKey, …');

/** A queue in a list. */
export const namedQueueSchema = z.strictObject(
  { name: name(), ...queueShape },
  'the name of a queue, or a map of name, exchange, routingKey, …',
);

export type QueueInput = z.output<typeof queueSchema>;
export type ExchangeInput = QueueInput['exchange'];

export const taskQueuesSchema = z.union([
  z.record(name(), queueSchema, MAP),
  z.array(z.union([name(), namedQueueSchema])),
]);
