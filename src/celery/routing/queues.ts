import type { Destination, ExchangeType } from '../message/destination.ts';
import { createExchange, createQueue, type Exchange, type Queue, type Binding } from './queue.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { BeatError } from '../../util/errors.ts';
import { matchesRuns } from './glob.ts';
import { memoize, type Memoized } from '../../util/memoize.ts';

/** The configured queues, and the defaults for queues that are not configured. */
export interface QueueRules {
  /** The queue of tasks without a queue. */
  readonly defaultQueue: string;
  /** The exchange of queues without one. */
  readonly defaultExchange: Exchange;
  readonly defaultRoutingKey: string;
  /** With all defaults applied; empty without `taskQueues`. */
  readonly configured: readonly Queue[];
  readonly createMissing: boolean;
  /** The default `x-max-priority` of queues; `null` for none. */
  readonly maxPriority: number | null;
  /** The type of the default queue if no queues are configured. */
  readonly defaultType: QueueType;
  readonly missingType: QueueType;
  readonly missingExchangeType: ExchangeType;
}

export type QueueType = 'classic' | 'quorum';

export const DEFAULT_RULES: QueueRules = {
  defaultQueue: 'celery',
  defaultExchange: createExchange('celery', 'direct'),
  defaultRoutingKey: 'celery',
  configured: [],
  createMissing: true,
  maxPriority: null,
  defaultType: 'classic',
  missingType: 'classic',
  missingExchangeType: 'direct',
};

/** All queues by name. A reload replaces their rules in place, so that routers and drivers need no new object. */
export class Queues {
  #rules!: QueueRules;
  #byName!: ReadonlyMap<string, Queue>;
  #configured!: readonly Queue[];
  #bindings!: ReadonlyMap<string, ExchangeBindings>;
  /** Bounded, because route functions may compute any number of names. */
  #made!: Memoized<Queue>;
  #revision = 0;

  constructor(rules: QueueRules = DEFAULT_RULES) {
    this.replace(rules);
  }

  replace(rules: QueueRules): void {
    const { configured, defaultQueue, defaultExchange, defaultRoutingKey, maxPriority, defaultType } = rules;
    const args = buildArguments(maxPriority, defaultType);
    this.#rules = rules;
    this.#configured =
      configured.length > 0 ? configured : [createQueue(defaultQueue, defaultExchange, defaultRoutingKey, args)];
    this.#bindings = groupByExchange(this.#configured);
    this.#byName = new Map([
      ...this.#configured.map((queue) => [queue.name, queue] as const),
      // An alias takes precedence over a name, as in Celery.
      ...this.#configured.flatMap((queue) => (queue.alias ? [[queue.alias, queue] as const] : [])),
    ]);
    this.#made = memoize<Queue>();
    this.#revision += 1;
  }

  /** Grows with each replacement: a value computed from an earlier revision may be outdated. */
  get revision(): number {
    return this.#revision;
  }

  /** The queue of tasks without a queue. Throws like `get`. */
  get default(): Queue {
    return this.get(this.#rules.defaultQueue);
  }

  get defaultRoutingKey(): string {
    return this.#rules.defaultRoutingKey;
  }

  /**
   * Returns the queue of a name or alias; creates the queue if it is not configured. Throws a `BeatError` if
   * `createMissing` is false.
   */
  get(name: string): Queue {
    const queue = this.find(name);
    if (!queue) throw new BeatError(this.#unknown(name));
    return queue;
  }

  /** Like `get`, but returns `null` instead of throwing. */
  find(name: string): Queue | null {
    const queue = this.#byName.get(name);
    if (queue) return queue;
    return this.#rules.createMissing ? this.#made(name, () => this.#missing(name)) : null;
  }

  /** Whether a quorum queue is configured, which changes how Celery delays tasks. */
  get usesQuorum(): boolean {
    return this.#configured.some((queue) => queue.arguments['x-queue-type'] === 'quorum');
  }

  isConfigured(queue: Queue): boolean {
    return this.#rules.configured.includes(queue);
  }

  exchange(name: string): Exchange | null {
    const found = this.#bindings.get(name)?.exchange;
    const { defaultExchange } = this.#rules;
    return found ?? (defaultExchange.name === name ? defaultExchange : null);
  }

  /** Returns the queues that receive a message according to the configuration. */
  queuesFor(destination: Destination): readonly Queue[] {
    const { exchange, routingKey } = destination;
    if (exchange === '') return [this.find(routingKey) ?? []].flat();
    const requested = this.#requested(destination).filter(({ bindings }) =>
      bindings.some((binding) => binding.exchange.name === exchange && matches(binding, destination)),
    );
    return [...new Set([...requested, ...(this.#bindings.get(exchange)?.queuesFor(destination) ?? [])])];
  }

  /** Returns the queues to declare before publishing: the requested queue, and all queues that receive it. */
  declaredFor(destination: Destination): readonly Queue[] {
    return [...new Set([...this.#requested(destination), ...this.queuesFor(destination)])];
  }

  #requested({ queue }: Destination): readonly Queue[] {
    return queue === null ? [] : [this.find(queue) ?? []].flat();
  }

  /** Creates a queue as Celery does, bound to an exchange of the same name. */
  #missing(name: string): Queue {
    const { maxPriority, missingType, missingExchangeType } = this.#rules;
    const exchange = createExchange(name, missingExchangeType);
    return createQueue(name, exchange, name, buildArguments(maxPriority, missingType));
  }

  #unknown(name: string): string {
    const names = [...this.#byName.keys()];
    const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : '';
    const listed = names.slice(0, MAX_LISTED).join(', ');
    const known = didYouMean(name, names) || `; allowed: ${listed}${more}`;
    return `no queue "${name}" in taskQueues, and taskCreateMissingQueues is false${known}`;
  }
}

const MAX_LISTED = 20;

function buildArguments(maxPriority: number | null, type: QueueType): Queue['arguments'] {
  return {
    ...(maxPriority !== null && { 'x-max-priority': maxPriority }),
    // Classic is the default, and older servers do not know the argument.
    ...(type === 'quorum' && { 'x-queue-type': type }),
  };
}

interface ExchangeBindings {
  /** The exchange as the first of its queues declares it. */
  readonly exchange: Exchange;
  /** The queues that receive a message of this exchange, in the order of the configuration. */
  readonly queuesFor: (destination: Destination) => Queue[];
}

/** Groups all bindings by exchange, and those without a pattern by key, so that many entries and queues stay fast. */
function groupByExchange(queues: readonly Queue[]): ReadonlyMap<string, ExchangeBindings> {
  const all = queues.flatMap((queue, place) => queue.bindings.map((binding) => ({ queue, place, binding })));
  const grouped = Map.groupBy(all, ({ binding }) => binding.exchange.name);
  return new Map([...grouped].map(([name, bound]) => [name, indexBindings(bound)]));
}

interface Bound {
  readonly queue: Queue;
  readonly place: number;
  readonly binding: Binding;
}

function indexBindings(all: readonly Bound[]): ExchangeBindings {
  const byKey = Map.groupBy(all, ({ binding: { routingKey, exchange } }) => {
    const isPattern = exchange.type === 'fanout' || /[*#]/.test(routingKey) || routingKey === '';
    return isPattern ? null : routingKey;
  });
  return {
    exchange: all[0]!.binding.exchange,
    queuesFor: (destination) =>
      [...(byKey.get(destination.routingKey) ?? []), ...(byKey.get(null) ?? [])]
        .filter(({ binding }) => matches(binding, destination))
        .toSorted((a, b) => a.place - b.place)
        .map(({ queue }) => queue),
  };
}

/** Whether a binding matches a message, by AMQP's rules. */
function matches({ exchange, routingKey }: Binding, message: Destination): boolean {
  if (exchange.type === 'fanout') return true;
  if (exchange.type === 'topic') return topicMatches(routingKey, message.routingKey);
  return exchange.type === 'direct' && routingKey === message.routingKey;
}

/** Matches words separated by dots: `*` is one word, `#` any number of words. */
export function topicMatches(pattern: string, key: string): boolean {
  // An empty key has no words, and also matches an empty word at the end of a pattern.
  if (key === '') return /^(#\.)*#?$/.test(pattern);
  const runs: string[][] = [[]];
  for (const word of pattern.split('.')) {
    if (word === '#') runs.push([]);
    else runs.at(-1)!.push(word);
  }
  return matchesRuns(runs, key.split('.'), (piece, word) => piece === '*' || piece === word);
}
