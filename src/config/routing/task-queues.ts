import { createExchange, type Binding, type Exchange, type Queue } from '../../celery/routing/queue.ts';
import type { QueueRules } from '../../celery/routing/queues.ts';
import { parseDuration } from '../values/option.ts';
import { readKeySchema, normalizeKeys } from '../keys/key-schema.ts';
import { DELIVERY_MODES } from '../options/options.ts';
import { expected, parse, type Path, type Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';
import { namedQueueSchema, queueSchema, type ExchangeInput, type QueueInput } from './queue-schema.ts';

const FORMS = 'a map of names and queues, or a list of queues';
const KEYS = readKeySchema(namedQueueSchema)!;

/** The settings that apply to every queue. */
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

type Row = readonly [path: Path, name: string | null, row: unknown];

/** In a list each row contains its name; a row that is text is only a name. */
function listRows(input: unknown, report: Report): Row[] {
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

function exchangeFrom(given: NonNullable<ExchangeInput>, queue: Partial<QueueInput>): Exchange {
  const own: Exclude<ExchangeInput, string | undefined> = typeof given === 'string' ? { name: given } : given;
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
