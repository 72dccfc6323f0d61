import type { MessageOptions } from '../message/message.ts';
import { toQueue, type Destination } from '../message/destination.ts';
import type { Exchange, Queue } from './queue.ts';
import type { Queues } from './queues.ts';
import type { Route } from './routes.ts';

/** What routing makes of a task's options: where to, and the options with all that was not said in them. */
export interface Routed {
  readonly destination: Destination;
  readonly options: MessageOptions;
}

/** Which task goes where, and what is true of tasks whose options do not say it. */
export interface RouteRules {
  /** In order: the first that knows the task is asked, and no other. */
  readonly routes: readonly Route[];
  readonly priority: number | null;
  readonly deliveryMode: 1 | 2;
  /** Said of tasks only when it is true: `false` would override a task's own setting. */
  readonly ignoreResult: boolean;
}

export const DEFAULT_ROUTES: RouteRules = {
  ...{ routes: [], priority: null, deliveryMode: 2, ignoreResult: false },
};

/** Says where tasks go. */
export class Router {
  readonly #queues: Queues;
  readonly #rules: RouteRules;
  /** Without routes the options alone decide, and many entries have the very same: none. */
  readonly #unrouted = new WeakMap<MessageOptions, Routed>();

  constructor(queues: Queues, rules: RouteRules = DEFAULT_ROUTES) {
    this.#queues = queues;
    this.#rules = rules;
  }

  /**
   * Options come before routes, routes before what is configured for all. Throws what a route function
   * throws, and a `BeatError` for a queue that there is not and that may not be made.
   */
  route(
    task: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    given: MessageOptions,
  ): Routed {
    if (this.#rules.routes.length > 0) return this.#route(task, args, kwargs, given);
    let found = this.#unrouted.get(given);
    if (!found) this.#unrouted.set(given, (found = this.#route(task, args, kwargs, given)));
    return found;
  }

  #route(
    task: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    given: MessageOptions,
  ): Routed {
    const options: Writable<MessageOptions> = {};
    for (const route of this.#rules.routes) {
      const found = route(given.routeName ?? task, args, kwargs, given);
      if (!found) continue;
      assign(options, found);
      break;
    }
    assign(options, given);
    const [destination, exchange] = this.#destinationOf(options);
    const { priority, deliveryMode, ignoreResult } = this.#rules;
    options.deliveryMode ??= exchange?.deliveryMode ?? deliveryMode;
    if (priority !== null) options.priority ??= priority;
    if (ignoreResult) options.ignoreResult ??= true;
    return { destination, options };
  }

  /**
   * By Celery's rule: a direct exchange is left out, and the message put straight into the queue, unless
   * exchange and routing key were both asked for. Beside it the exchange whose delivery mode counts.
   */
  #destinationOf(options: MessageOptions): [Destination, Exchange | null] {
    const { exchange: asked, exchangeType, routingKey } = options;
    const named = options.queue === undefined ? null : this.#queues.get(options.queue);
    if (asked) {
      const described = this.#queues.exchange(asked);
      const type =
        exchangeType ?? described?.type ?? getExchangeType(named ?? this.#queues.default);
      if (routingKey || type !== 'direct') {
        const destination: Destination = {
          queue: named?.name ?? null,
          exchange: asked,
          exchangeType: described?.type ?? type,
          routingKey: routingKey ?? '',
        };
        return [destination, described];
      }
    }
    const queue = named ?? this.#queues.default;
    const [home] = queue.bindings;
    const { exchange } = home;
    if ((exchangeType ?? exchange.type) === 'direct') return [toQueue(queue.name), exchange];
    const destination: Destination = {
      queue: queue.name,
      exchange: exchange.name,
      exchangeType: exchange.type,
      routingKey: firstNonEmpty(routingKey, home.routingKey) ?? this.#queues.defaults.routingKey,
    };
    return [destination, exchange];
  }
}

function getExchangeType({ bindings }: Queue): Destination['exchangeType'] {
  return bindings[0].exchange.type;
}

/** An empty text says nothing. */
function firstNonEmpty(...texts: readonly (string | undefined)[]): string | undefined {
  return texts.find((text) => text !== undefined && text !== '');
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What is not said leaves standing what was. */
function assign(options: Writable<MessageOptions>, more: MessageOptions): void {
  for (const [key, value] of Object.entries(more) as [string, unknown][]) {
    if (value !== undefined) Object.assign(options, { [key]: value });
  }
}
