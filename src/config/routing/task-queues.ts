import { z } from 'zod';
import { createExchange, type Binding, type Exchange, type Queue } from '../../celery/routing/queue.ts';
import type { QueueRules } from '../../celery/routing/queues.ts';
import { isMap } from '../../util/is-map.ts';
import { readKeySchema, normalizeKeys } from '../keys/key-schema.ts';
import { expected, parse, type Path, type Report } from '../validate.ts';
import {
  ignored,
  option,
  required,
  flag,
  map,
  MAP,
  name,
  oneOf,
  parseDuration,
  text,
  whole,
  mapOf,
} from '../values/option.ts';

export const exchangeType = () => oneOf(['direct', 'topic', 'fanout', 'headers']);
export const deliveryMode = () => z.literal([1, 2, 'transient', 'persistent'], "1, 2, 'transient' or 'persistent'");
export const DELIVERY_MODES = { 1: 1, 2: 2, transient: 1, persistent: 2 } as const;
export const queueType = () => oneOf(['classic', 'quorum']);
export const maxPriority = () => whole(1, 255);
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

type QueueInput = z.output<typeof queueSchema>;
type ExchangeInput = NonNullable<QueueInput['exchange']>;

export const taskQueuesSchema = z.union([
  z.record(name(), queueSchema, MAP),
  z.array(z.union([name(), namedQueueSchema])),
]);

const FORMS = 'a map of names and queues, or a list of queues';
const KEYS = readKeySchema(namedQueueSchema)!;

type QueueDefaults = Pick<QueueRules, 'defaultExchange' | 'defaultRoutingKey' | 'maxPriority'>;

/** Celery's `task_queues`, complete; invalid rows are reported and left out. */
export function readTaskQueues(input: unknown, defaults: QueueDefaults, report: Report, warn: Report): Queue[] {
  if (input === undefined) return [];
  const queues: Queue[] = [];
  const names = new Map<string, Path>();
  for (const [path, name, row] of listRows(input, report)) {
    const queue = readQueue(name, row, { path, defaults, report, warn });
    if (!queue) continue;
    for (const name of [queue.name, queue.alias ?? []].flat()) {
      if (names.has(name)) report(path, `another queue is called "${name}" already`);
      names.set(name, path);
    }
    queues.push(queue);
  }
  return queues;
}

/** In a list each row contains its name; a row that is text is only a name. */
function listRows(input: unknown, report: Report): (readonly [path: Path, name: string | null, row: unknown])[] {
  if (Array.isArray(input)) {
    return input.map((row: unknown, i) => {
      const path = ['taskQueues', i];
      return [path, null, typeof row === 'string' ? { name: row } : row];
    });
  }
  if (isMap(input)) return Object.keys(input).map((name) => [['taskQueues', name], name, input[name]]);
  report(['taskQueues'], expected(FORMS, input));
  return [];
}

/** kombu's names for the queues of a `Broadcast`: each worker has its own queue. */
const BROADCAST_NAME = /^bcast\.[0-9a-f-]{36}$/;

interface RowContext {
  readonly path: Path;
  readonly defaults: QueueDefaults;
  readonly report: Report;
  readonly warn: Report;
}

function readQueue(own: string | null, row: unknown, context: RowContext): Queue | null {
  const { path, report } = context;
  const spelled = normalizeKeys(row, KEYS, path, report);
  const place = { path, keys: KEYS, report };
  if (own === '') report(path, 'a queue needs a name');
  if (own !== null) {
    // An empty map is a queue with defaults only; YAML reads an absent one as null.
    const input = parse(queueSchema, spelled ?? {}, place);
    return input ? queueFrom(own, input, context, own) : null;
  }
  const input = parse(namedQueueSchema, spelled, place);
  return input ? queueFrom(input.name, input, context, '') : null;
}

/** Builds a queue. `key` is the default of its routing key; empty for a queue in a list. */
function queueFrom(name: string, input: QueueInput, context: RowContext, key: string): Queue | null {
  const { path, defaults, report, warn } = context;
  const broadcast = input.broadcast ?? BROADCAST_NAME.test(name);
  if (input.bindings?.length && input.exchange !== undefined) {
    report([...path, 'exchange'], 'kombu ignores it beside bindings; add it to them');
    return null;
  }
  if (input.exchangeType !== undefined && input.exchange === undefined && !input.broadcast) {
    const message = `ignored without an exchange; the queue is bound to "${defaults.defaultExchange.name}"`;
    warn([...path, 'exchangeType'], message);
  }
  // In a map, as in Celery, queue properties apply to the exchange too; in kombu's own objects they do not.
  const both = key !== '' && !input.broadcast;
  const forExchange = both ? input : { ...input, durable: undefined, autoDelete: undefined };
  // An empty text counts as absent.
  const ownKey = [input.bindingKey, input.routingKey, both ? key : ''].find((text) => text);
  const home: Binding = {
    exchange: homeExchange(name, forExchange, defaults),
    routingKey: ownKey ?? defaults.defaultRoutingKey,
    arguments: input.bindingArguments ?? {},
  };
  const others = (input.bindings ?? []).map((binding): Binding => ({
    exchange: exchangeFrom(binding.exchange, { exchangeType: binding.exchangeType }),
    routingKey: binding.routingKey ?? '',
    arguments: binding.arguments ?? {},
  }));
  return {
    name,
    alias: input.alias ?? null,
    bindings: [home, ...others],
    durable: input.queueDurable ?? input.durable ?? true,
    exclusive: input.exclusive ?? false,
    // An exclusive queue is useless once its connection is closed.
    autoDelete: input.queueAutoDelete ?? input.autoDelete ?? input.exclusive ?? false,
    arguments: queueArguments(input, defaults.maxPriority),
    broadcast,
    noDeclare: input.noDeclare ?? false,
  };
}

function homeExchange(name: string, input: QueueInput, { defaultExchange }: QueueDefaults): Exchange {
  const { exchange } = input;
  // kombu writes an exchange without a name if the name is not known yet.
  const unnamed = typeof exchange === 'object' && exchange.name === '';
  if (exchange !== undefined && !unnamed) return exchangeFrom(exchange, input);
  return input.broadcast ? exchangeFrom(name, { ...input, exchangeType: 'fanout' }) : defaultExchange;
}

function exchangeFrom(given: ExchangeInput, queue: Partial<QueueInput>): Exchange {
  const own: Exclude<ExchangeInput, string> = typeof given === 'string' ? { name: given } : given;
  const mode = own.deliveryMode ?? queue.deliveryMode;
  const type = own.type ?? queue.exchangeType ?? (queue.broadcast ? 'fanout' : 'direct');
  return {
    ...createExchange(own.name, type),
    durable: own.durable ?? queue.exchangeDurable ?? queue.durable ?? true,
    autoDelete: own.autoDelete ?? queue.exchangeAutoDelete ?? queue.autoDelete ?? false,
    deliveryMode: mode === undefined ? null : DELIVERY_MODES[mode],
    arguments: own.arguments ?? queue.exchangeArguments ?? {},
    // The server declares exchanges of these names itself.
    noDeclare: own.noDeclare ?? queue.noDeclare ?? own.name.startsWith('amq.'),
  };
}

/** kombu's names for AMQP arguments take precedence over the arguments themselves. */
function queueArguments(input: QueueInput, maxPriority: number | null): Queue['arguments'] {
  const named = {
    'x-expires': parseDuration(input.expires),
    'x-message-ttl': parseDuration(input.messageTtl),
    'x-max-length': input.maxLength,
    'x-max-length-bytes': input.maxLengthBytes,
    'x-max-priority': input.maxPriority,
  };
  const present = Object.entries(named).filter(([, value]) => value !== undefined && value !== null);
  return {
    ...(maxPriority !== null && { 'x-max-priority': maxPriority }),
    ...input.queueArguments,
    ...Object.fromEntries(present),
  };
}
