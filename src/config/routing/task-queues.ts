import { createExchange, type Binding, type Exchange, type Queue } from '../../routing/queue.ts';
import type { QueueRules } from '../../routing/queues.ts';
import { parseDuration } from '../values/duration.ts';
import { levelOf } from '../keys/key-schema.ts';
import { DELIVERY_MODES } from '../options/options.ts';
import { expected, parse, type Path, type Report } from '../validate.ts';
import { isMap, respell } from '../keys/normalize-keys.ts';
import {
  namedQueueSchema,
  queueSchema,
  type ExchangeInput,
  type QueueInput,
} from './queue-schema.ts';

const FORMS = 'a map of names and queues, or a list of queues';
const LEVEL = levelOf(namedQueueSchema)!;

/** What a queue takes from the settings around it. */
export type QueueDefaults = Pick<
  QueueRules,
  'defaultExchange' | 'defaultRoutingKey' | 'maxPriority'
>;

/** Celery's `task_queues`, complete; rows that are wrong are reported and left out. */
export function readTaskQueues(
  input: unknown,
  defaults: QueueDefaults,
  report: Report,
  warn: Report,
): Queue[] {
  if (input === undefined) return [];
  const queues: Queue[] = [];
  const names = new Map<string, Path>();
  for (const [path, name, row] of rowsOf(input, report)) {
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

/** In a list each row has its own name; one that is text alone is a name. */
function rowsOf(input: unknown, report: Report): Row[] {
  if (Array.isArray(input)) {
    return input.map((row: unknown, i) => {
      const path = ['taskQueues', i];
      return [path, null, typeof row === 'string' ? { name: row } : row];
    });
  }
  if (isMap(input))
    return Object.keys(input).map((name) => [['taskQueues', name], name, input[name]]);
  report(['taskQueues'], expected(FORMS, input));
  return [];
}

/** What kombu calls the queues of a `Broadcast`: each worker has one of its own. */
const OF_BROADCAST = /^bcast\.[0-9a-f-]{36}$/;

interface Around {
  readonly path: Path;
  readonly defaults: QueueDefaults;
  readonly report: Report;
  readonly warn: Report;
}

function readQueue(own: string | null, row: unknown, around: Around): Queue | null {
  const { path, report } = around;
  const spelled = respell(row, LEVEL, path, report);
  const place = { path, level: LEVEL, report };
  if (own === '') report(path, 'a queue needs a name');
  if (own !== null) {
    // Celery takes an empty map for a queue with nothing remarkable; YAML reads one left out as null.
    const input = parse(queueSchema, spelled ?? {}, place);
    return input ? queueFrom(own, input, around, own) : null;
  }
  const input = parse(namedQueueSchema, spelled, place);
  return input ? queueFrom(input.name, input, around, '') : null;
}

/** `key` is what it is bound by unless it says so itself; empty for the configuration's own. */
function queueFrom(name: string, input: QueueInput, around: Around, key: string): Queue | null {
  const { path, defaults, report, warn } = around;
  const broadcast = input.broadcast ?? OF_BROADCAST.test(name);
  if (input.bindings?.length && input.exchange !== undefined) {
    report([...path, 'exchange'], 'kombu leaves it out beside bindings; put it among them');
    return null;
  }
  if (input.exchangeType !== undefined && input.exchange === undefined && !input.broadcast) {
    const message = `of no use without an exchange; the queue is bound to "${defaults.defaultExchange.name}"`;
    warn([...path, 'exchangeType'], message);
  }
  // Of a queue in a map they are its exchange's as well, of kombu's own objects not.
  const both = key !== '' && !input.broadcast;
  const ofExchange = both ? input : { ...input, durable: undefined, autoDelete: undefined };
  // An empty text says nothing.
  const said = [input.bindingKey, input.routingKey, both ? key : ''].find((text) => text);
  const home: Binding = {
    exchange: homeOf(name, ofExchange, defaults),
    routingKey: said ?? defaults.defaultRoutingKey,
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
    // What one connection alone may use is of no use to the next.
    autoDelete: input.queueAutoDelete ?? input.autoDelete ?? input.exclusive ?? false,
    arguments: argumentsOf(input, defaults.maxPriority),
    broadcast,
    noDeclare: input.noDeclare ?? false,
  };
}

function homeOf(name: string, input: QueueInput, { defaultExchange }: QueueDefaults): Exchange {
  const { exchange } = input;
  // kombu writes an exchange without a name for one that is still to be found out.
  const unnamed = typeof exchange === 'object' && exchange.name === '';
  if (exchange !== undefined && !unnamed) return exchangeFrom(exchange, input);
  return input.broadcast
    ? exchangeFrom(name, { ...input, exchangeType: 'fanout' })
    : defaultExchange;
}

function exchangeFrom(given: NonNullable<ExchangeInput>, queue: Partial<QueueInput>): Exchange {
  const said: Exclude<ExchangeInput, string | undefined> =
    typeof given === 'string' ? { name: given } : given;
  const mode = said.deliveryMode ?? queue.deliveryMode;
  const type = said.type ?? queue.exchangeType ?? (queue.broadcast ? 'fanout' : 'direct');
  return {
    ...createExchange(said.name, type),
    durable: said.durable ?? queue.exchangeDurable ?? queue.durable ?? true,
    autoDelete: said.autoDelete ?? queue.exchangeAutoDelete ?? queue.autoDelete ?? false,
    deliveryMode: mode === undefined ? null : DELIVERY_MODES[mode],
    arguments: said.arguments ?? queue.exchangeArguments ?? {},
    // Those of the server itself are there, and nobody else's to declare.
    noDeclare: said.noDeclare ?? queue.noDeclare ?? said.name.startsWith('amq.'),
  };
}

/** kombu's names for AMQP's arguments come before those written out. */
function argumentsOf(input: QueueInput, maxPriority: number | null): Queue['arguments'] {
  const named = {
    'x-expires': parseDuration(input.expires),
    'x-message-ttl': parseDuration(input.messageTtl),
    'x-max-length': input.maxLength,
    'x-max-length-bytes': input.maxLengthBytes,
    'x-max-priority': input.maxPriority,
  };
  const said = Object.entries(named).filter(([, value]) => value !== undefined && value !== null);
  return {
    ...(maxPriority !== null && { 'x-max-priority': maxPriority }),
    ...input.queueArguments,
    ...Object.fromEntries(said),
  };
}
