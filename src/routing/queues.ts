import { BeatError } from '../util/errors.ts';
import { memoize } from '../util/memoize.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { matches } from './bindings.ts';
import { groupByExchange, type ExchangeBindings } from './exchange-bindings.ts';
import type { Destination, ExchangeType } from '../message/destination.ts';
import { createExchange, createQueue, type Exchange, type Queue } from './queue.ts';

/** Which queues there are, and what those are made by that nobody has described. */
export interface QueueRules {
  /** The queue of tasks that name none. */
  readonly defaultQueue: string;
  /** What queues are bound to, and by which key, that say nothing else. */
  readonly defaultExchange: Exchange;
  readonly defaultRoutingKey: string;
  /** Complete, defaults and all; empty when the configuration describes none. */
  readonly configured: readonly Queue[];
  /** Whether a name that nobody has described is a queue all the same. */
  readonly createMissing: boolean;
  /** `x-max-priority` of every queue that has none of its own; `null` for none. */
  readonly maxPriority: number | null;
  /** Of the default queue, where none is described. */
  readonly defaultType: QueueType;
  /** Of every queue that nobody has described. */
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

/** Every queue that a message may go to, by name. */
export class Queues {
  readonly #rules: QueueRules;
  readonly #byName = new Map<string, Queue>();
  readonly #configured: readonly Queue[];
  /** Bindings of the described queues, by exchange. */
  readonly #bindings: ReadonlyMap<string, ExchangeBindings>;
  /** Routes may compute ever new names. */
  readonly #made = memoize<Queue>();

  constructor(rules: QueueRules = DEFAULT_RULES) {
    this.#rules = rules;
    this.#configured = rules.configured.length > 0 ? rules.configured : [defaultQueue(rules)];
    this.#bindings = groupByExchange(this.#configured);
    // An alias comes before a name, as in Celery.
    for (const queue of this.#configured) this.#byName.set(queue.name, queue);
    for (const queue of this.#configured) if (queue.alias) this.#byName.set(queue.alias, queue);
  }

  /** The queue of tasks that name none. Throws like `get`. */
  get default(): Queue {
    return this.get(this.#rules.defaultQueue);
  }

  /** The exchange and the key of queues and messages that say nothing else. */
  get defaults(): { readonly exchange: Exchange; readonly routingKey: string } {
    const { defaultExchange: exchange, defaultRoutingKey: routingKey } = this.#rules;
    return { exchange, routingKey };
  }

  /**
   * The queue of that name or alias; one that nobody has described is made by the rules. Throws a
   * `BeatError` where they forbid it.
   */
  get(name: string): Queue {
    const queue = this.find(name);
    if (!queue) throw new BeatError(this.#unknown(name));
    return queue;
  }

  /** The same; `null` where the rules forbid it. */
  find(name: string): Queue | null {
    const queue = this.#byName.get(name);
    if (queue) return queue;
    return this.#rules.createMissing ? this.#made(name, () => this.#missing(name)) : null;
  }

  /** Whether the configuration describes a quorum queue, which changes what Celery does about an ETA. */
  get usesQuorum(): boolean {
    return this.#configured.some((queue) => queue.arguments['x-queue-type'] === 'quorum');
  }

  /** Whether it is described in `taskQueues`, rather than made by the rules. */
  isConfigured(queue: Queue): boolean {
    return this.#rules.configured.includes(queue);
  }

  /** The exchange that the configuration describes under that name. */
  exchange(name: string): Exchange | null {
    const found = this.#bindings.get(name)?.exchange;
    const { defaultExchange } = this.#rules;
    return found ?? (defaultExchange.name === name ? defaultExchange : null);
  }

  /** The queues that the message ends up in, as far as the configuration tells. */
  queuesFor(destination: Destination): readonly Queue[] {
    const { exchange, routingKey } = destination;
    if (exchange === '') return [this.find(routingKey) ?? []].flat();
    const asked = this.#asked(destination).filter(({ bindings }) =>
      bindings.some(
        (binding) => binding.exchange.name === exchange && matches(binding, destination),
      ),
    );
    return [
      ...new Set([...asked, ...(this.#bindings.get(exchange)?.queuesFor(destination) ?? [])]),
    ];
  }

  /** What is declared before the message is sent: the queue it asked for, and all that receive it. */
  declaredFor(destination: Destination): readonly Queue[] {
    return [...new Set([...this.#asked(destination), ...this.queuesFor(destination)])];
  }

  #asked({ queue }: Destination): readonly Queue[] {
    return queue === null ? [] : [this.find(queue) ?? []].flat();
  }

  /** As Celery's producer makes one: bound to an exchange of its own name. */
  #missing(name: string): Queue {
    const { maxPriority, missingType, missingExchangeType } = this.#rules;
    const queue = createQueue(name, createExchange(name, missingExchangeType), name);
    return { ...queue, arguments: buildArguments(maxPriority, missingType) };
  }

  #unknown(name: string): string {
    const names = [...this.#byName.keys()];
    const more = names.length > MOST_LISTED ? ` and ${names.length - MOST_LISTED} more` : '';
    const listed = names.slice(0, MOST_LISTED).join(', ');
    const known = didYouMean(name, names) || `; there are ${listed}${more}`;
    return `no queue "${name}" in taskQueues, and taskCreateMissingQueues is false${known}`;
  }
}

/** Of the names of queues, in an error. */
const MOST_LISTED = 20;

function defaultQueue(rules: QueueRules): Queue {
  const { defaultQueue, defaultExchange, defaultRoutingKey, maxPriority, defaultType } = rules;
  const queue = createQueue(defaultQueue, defaultExchange, defaultRoutingKey);
  return { ...queue, arguments: buildArguments(maxPriority, defaultType) };
}

function buildArguments(maxPriority: number | null, type: QueueType): Queue['arguments'] {
  return {
    ...(maxPriority !== null && { 'x-max-priority': maxPriority }),
    // The other type is what a queue is without a word, and what older servers know no word for.
    ...(type === 'quorum' && { 'x-queue-type': type }),
  };
}
