import { toQueue, type Destination, formatDestination } from '../message/destination.ts';
import { mergeOptions, type MessageOptions } from '../message/message.ts';
import type { Exchange } from './queue.ts';
import type { Queues } from './queues.ts';
import type { Route, RouteOptions } from './routes.ts';

/** The destination of a task, and its options with the defaults of routes and settings. */
export interface Routed {
  readonly destination: Destination;
  readonly options: MessageOptions;
}

/** Routes, and default options of tasks. */
export interface RouteRules {
  /** In order; the first route that matches is used. */
  readonly routes: readonly Route[];
  readonly priority: number | null;
  readonly deliveryMode: 1 | 2;
  /** Set only if true: `false` would override the setting of the task. */
  readonly ignoreResult: boolean;
}

export const DEFAULT_ROUTES: RouteRules = { routes: [], priority: null, deliveryMode: 2, ignoreResult: false };

export class Router {
  readonly #queues: Queues;
  readonly #rules: RouteRules;
  /** Without routes only the options matter, and many entries share the empty options. */
  readonly #unrouted = new WeakMap<MessageOptions, Routed>();

  constructor(queues: Queues, rules: RouteRules = DEFAULT_ROUTES) {
    this.#queues = queues;
    this.#rules = rules;
  }

  /**
   * Options take precedence over routes, and routes over settings. Throws the error of a route function, and a
   * `BeatError` for an unknown queue.
   */
  route(...call: Parameters<Route>): Routed {
    if (this.#rules.routes.length > 0) return this.#route(...call);
    const [, , , given] = call;
    let found = this.#unrouted.get(given);
    if (!found) this.#unrouted.set(given, (found = this.#route(...call)));
    return found;
  }

  #route(...[task, args, kwargs, given]: Parameters<Route>): Routed {
    let found: RouteOptions | null = null;
    for (const route of this.#rules.routes) {
      found ??= route(given.routeName ?? task, args, kwargs, given);
    }
    const options: Writable<MessageOptions> = { ...mergeOptions(found ?? {}, given) };
    const [destination, exchange] = this.#resolveDestination(options);
    const { priority, deliveryMode, ignoreResult } = this.#rules;
    options.deliveryMode ??= exchange?.deliveryMode ?? deliveryMode;
    if (priority !== null) options.priority ??= priority;
    if (ignoreResult) options.ignoreResult ??= true;
    return { destination, options };
  }

  /**
   * Celery's rule: for a direct exchange, the message goes to the queue through the anonymous exchange, unless both
   * exchange and routing key are given. Also returns the exchange whose delivery mode applies.
   */
  #resolveDestination(options: MessageOptions): [Destination, Exchange | null] {
    const { exchange: asked, exchangeType, routingKey } = options;
    const named = options.queue === undefined ? null : this.#queues.get(options.queue);
    if (asked) {
      const described = this.#queues.exchange(asked);
      const type = exchangeType ?? described?.type ?? (named ?? this.#queues.default).bindings[0].exchange.type;
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
      routingKey: [routingKey, home.routingKey].find(Boolean) ?? this.#queues.defaultRoutingKey,
    };
    return [destination, exchange];
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A warning about the destination of a task; `option` is its cause. */
interface RoutingWarning {
  readonly option: 'exchange' | 'routingKey' | null;
  readonly message: string;
}

/** Finds options that Celery's rule ignores, and messages without a queue. */
export function findRoutingWarnings({ destination, options }: Routed, queues: Queues): RoutingWarning[] {
  const { queue, exchange, routingKey } = options;
  if (destination.exchange === '') {
    // An explicit queue takes precedence.
    if (queue !== undefined || (!exchange && !routingKey)) return [];
    const lacks = exchange ? 'without a routing key' : 'without an exchange';
    const message = `ignored, as in Celery: a direct exchange ${lacks}; the task goes to ${formatDestination(destination)}`;
    return [{ option: exchange ? 'exchange' : 'routingKey', message }];
  }
  // Workers bind their own queues to a fanout exchange.
  if (destination.exchangeType === 'fanout' || queues.queuesFor(destination).length > 0) return [];
  const message =
    `no queue in taskQueues is bound to the ${formatDestination(destination)}: ` +
    'messages are held back until a worker binds one';
  return [{ option: exchange ? 'exchange' : null, message }];
}
