import { z } from 'zod';
import { ignored, option, required, flag, map, MAP, name, text, whole, mapOf } from '../values/option.ts';

const TYPES = ['direct', 'topic', 'fanout', 'headers'] as const;

export const exchangeType = () => z.enum(TYPES, "'direct', 'topic', 'fanout' or 'headers'");
export const deliveryMode = () => z.literal([1, 2, 'transient', 'persistent'], "1, 2, 'transient' or 'persistent'");
export const queueType = () => z.enum(['classic', 'quorum'], "'classic' or 'quorum'");
export const maxPriority = () => whole(1, 255, 'a whole number from 1 to 255');
const length = () => whole(0, 2 ** 53 - 1, 'a whole number, not negative');

const exchange = mapOf(
  'ExchangeConfig',
  {
    name: required(text(), 'Name of the exchange; empty is the default exchange.', { example: 'jobs' }),
    type: option(exchangeType(), 'Type of the exchange.', { default: 'direct', example: 'topic' }),
    durable: option.flag('Whether it survives a restart of the broker.', {
      otherwise: 'as its queue, else `true`',
      example: false,
    }),
    passive: ignored(flag()),
    autoDelete: option.flag('Whether it is deleted with its last binding.', {
      otherwise: 'as its queue, else `false`',
    }),
    deliveryMode: option(deliveryMode(), 'Delivery mode of messages that name none.', { example: 'transient' }),
    arguments: option.map('Arguments of the declaration.', { example: { 'alternate-exchange': 'lost' } }),
    noDeclare: option.flag('Whether declaring it is left to others.', {
      otherwise: '`true` for `amq.*`, else as its queue',
    }),
  },
  { allowed: 'the name of an exchange, or a map of its name, type, durable, …' },
);
const exchangeOrName = () => z.union([name(), exchange], 'the name of an exchange, or a map');

const binding = mapOf(
  'BindingConfig',
  {
    exchange: required(exchangeOrName(), 'The exchange.', { example: 'jobs' }),
    exchangeType: option(exchangeType(), 'Type of the exchange, where it is a name.', {
      default: 'direct',
      example: 'topic',
    }),
    routingKey: option.text('Routing key or pattern of the binding.', { default: '', example: 'jobs.#' }),
    arguments: option.map('Arguments of the binding.', { example: { 'x-match': 'all' } }),
  },
  { allowed: 'a map of exchange, exchangeType and routingKey' },
);

const queueShape = {
  exchange: option(exchangeOrName(), 'The exchange that the queue is bound to.', {
    otherwise: '`taskDefaultExchange`',
    example: 'jobs',
  }),
  exchangeType: option(exchangeType(), 'Type of that exchange, where it is a name.', {
    otherwise: '`direct`',
    example: 'topic',
  }),
  routingKey: option.text('Routing key of the binding; for a topic exchange a pattern of words, `*` and `#`.', {
    otherwise: 'the name in a map, `taskDefaultRoutingKey` in a list',
    example: 'jobs.#',
  }),
  bindingKey: option.text('The same as `routingKey`, and wins over it.', { example: 'jobs.#' }),
  bindings: option(
    z.array(binding, 'a list of bindings'),
    'Further bindings; the queue is bound to the default exchange as well.',
    { example: [{ exchange: 'jobs', routingKey: 'slow' }] },
  ),
  alias: option.nonEmpty('Another name that options and routes may use.', { example: 'slow' }),
  durable: option.flag('Whether queue and exchange survive a restart of the broker.', { default: true }),
  autoDelete: option.flag('Whether queue and exchange are deleted when they are unused.', { default: false }),
  exclusive: option.flag('Whether one connection alone may use the queue.', { default: false }),
  queueDurable: option.flag('`durable` of the queue alone.', { example: false }),
  queueAutoDelete: option.flag('`autoDelete` of the queue alone.'),
  exchangeDurable: option.flag('`durable` of the exchange alone.', { example: false }),
  exchangeAutoDelete: option.flag('`autoDelete` of the exchange alone.'),
  exchangeArguments: option.map("Arguments of the exchange's declaration.", {
    example: { 'alternate-exchange': 'lost' },
  }),
  deliveryMode: option(deliveryMode(), 'Delivery mode of messages that name none.', {
    otherwise: '`taskDefaultDeliveryMode`',
    example: 'transient',
  }),
  queueArguments: option.map("Arguments of the queue's declaration.", { example: { 'x-queue-type': 'quorum' } }),
  bindingArguments: option.map('Arguments of the binding.', { example: { 'x-match': 'all', team: 'blue' } }),
  expires: option.duration('RabbitMQ deletes the queue when it is unused for this long.', { example: '1h' }),
  messageTtl: option.duration('RabbitMQ discards messages that wait for this long.', { example: '10m' }),
  maxLength: option(length(), 'The most messages that RabbitMQ stores in the queue.', {
    unit: 'messages',
    example: 10_000,
  }),
  maxLengthBytes: option(length(), 'The most bytes of messages that RabbitMQ stores in the queue.', {
    unit: 'bytes',
    example: 10_000_000,
  }),
  maxPriority: option(maxPriority(), 'RabbitMQ: the highest priority of the queue.', {
    otherwise: '`taskQueueMaxPriority`',
    example: 10,
  }),
  noDeclare: option.flag('Whether declaring queue, exchange and bindings is left to others.', { default: false }),
  broadcast: option.flag("kombu's `Broadcast`: every worker has a queue of its own and receives each message.", {
    default: false,
  }),
  queue: ignored(name()),
  unique: ignored(flag()),
  noAck: ignored(flag()),
  consumerArguments: ignored(map()),
};

export const queueSchema = mapOf('QueueConfig', queueShape, {
  allowed: 'a map of exchange, routingKey, …',
  description: "A queue as kombu's `Queue` and Celery's `task_queues` describe it.",
});

export const namedQueueSchema = mapOf(
  'NamedQueueConfig',
  { name: required(name(), 'Name of the queue.', { example: 'reports' }), ...queueShape },
  {
    allowed: 'the name of a queue, or a map of name, exchange, routingKey, …',
    extends: 'QueueConfig',
    description: 'A queue in a list of queues.',
  },
);

export type QueueInput = z.output<typeof queueSchema>;
export type ExchangeInput = QueueInput['exchange'];

export const taskQueuesSchema = z.union([
  z.record(name(), queueSchema, MAP),
  z.array(z.union([name(), namedQueueSchema])),
]);
