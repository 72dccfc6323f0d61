import type { MessageOptions } from '../../message/message.ts';
import type { OptionsConfig } from './options.ts';
import type { Duration } from './times.ts';

export type ExchangeTypeConfig = 'direct' | 'topic' | 'fanout' | 'headers';
export type DeliveryModeConfig = 1 | 2 | 'transient' | 'persistent';

/** Which queues there are, and which task goes where. */
export interface RoutingConfig {
  /** Where tasks go that name no queue. Default `celery`. */
  taskDefaultQueue?: string | undefined;
  /** AMQP: of the default queue, where `taskQueues` describes none. Default `classic`. */
  taskDefaultQueueType?: 'classic' | 'quorum' | undefined;
  /** What queues are bound to that say nothing else. Default: named as the default queue. */
  taskDefaultExchange?: string | undefined;
  /** Default `direct`. */
  taskDefaultExchangeType?: ExchangeTypeConfig | undefined;
  /** What queues are bound by that say nothing else. Default: as the default queue is named. */
  taskDefaultRoutingKey?: string | undefined;
  /** Of messages whose options, route and exchange name none. Default 2, persistent. */
  taskDefaultDeliveryMode?: DeliveryModeConfig | undefined;
  /** Of messages whose options and route name none, 0 to 255. Default: none, which is sent as 0. */
  taskDefaultPriority?: number | undefined;
  /** `true` is sent with every task whose options say nothing else. Default `false`: left to the tasks. */
  taskIgnoreResult?: boolean | undefined;
  /** Name → queue, or a list of queues. */
  taskQueues?:
    Readonly<Record<string, QueueConfig>> | readonly (string | NamedQueueConfig)[] | undefined;
  /** `false`: a queue that `taskQueues` does not describe is an error. Default `true`. */
  taskCreateMissingQueues?: boolean | undefined;
  /** AMQP: of every queue that `taskQueues` does not describe. Default `classic`. */
  taskCreateMissingQueueType?: 'classic' | 'quorum' | undefined;
  /** Of the exchanges that such queues are bound to. Default `direct`. */
  taskCreateMissingQueueExchangeType?: ExchangeTypeConfig | undefined;
  /** AMQP: `x-max-priority` of every queue, 1 to 255. Default: none. */
  taskQueueMaxPriority?: number | undefined;
  /** Which task goes where, unless its options say it. */
  taskRoutes?: RoutesConfig | undefined;
  /** AMQP: `false` declares no queue and no exchange. Default `true`. */
  declareQueues?: boolean | undefined;
}

/** A queue as kombu's `Queue` and Celery's `task_queues` describe it. */
export interface QueueConfig {
  exchange?: string | ExchangeConfig | undefined;
  exchangeType?: ExchangeTypeConfig | undefined;
  /** What it is bound by: a key, or for a topic exchange a pattern of words, `*` and `#`. */
  routingKey?: string | undefined;
  /** The same, and before it. */
  bindingKey?: string | undefined;
  /** Further bindings; with these the queue is bound to the default exchange as well. */
  bindings?: readonly BindingConfig[] | undefined;
  /** Another name that tasks may call it by. */
  alias?: string | undefined;
  /** Of queue and exchange. Default `true`. */
  durable?: boolean | undefined;
  /** Of queue and exchange. Default `false`. */
  autoDelete?: boolean | undefined;
  exclusive?: boolean | undefined;
  queueDurable?: boolean | undefined;
  queueAutoDelete?: boolean | undefined;
  exchangeDurable?: boolean | undefined;
  exchangeAutoDelete?: boolean | undefined;
  exchangeArguments?: Readonly<Record<string, unknown>> | undefined;
  /** Of messages that name none. */
  deliveryMode?: DeliveryModeConfig | undefined;
  queueArguments?: Readonly<Record<string, unknown>> | undefined;
  bindingArguments?: Readonly<Record<string, unknown>> | undefined;
  /** RabbitMQ deletes a queue that nobody has used for so long. */
  expires?: Duration | undefined;
  messageTtl?: Duration | undefined;
  maxLength?: number | undefined;
  maxLengthBytes?: number | undefined;
  maxPriority?: number | undefined;
  /** Others make the queue, its exchange and its bindings. */
  noDeclare?: boolean | undefined;
  /** kombu's `Broadcast`: each worker has a queue of its own, and gets every message. */
  broadcast?: boolean | undefined;
  /** Broadcast: what workers call their queues; read, and left to them. */
  queue?: string | undefined;
  unique?: boolean | undefined;
  /** Of consumers; read, and left to them. */
  noAck?: boolean | undefined;
  consumerArguments?: Readonly<Record<string, unknown>> | undefined;
}

export interface NamedQueueConfig extends QueueConfig {
  name: string;
}

export interface ExchangeConfig {
  name: string;
  /** Default `direct`. */
  type?: ExchangeTypeConfig | undefined;
  durable?: boolean | undefined;
  /** kombu writes it of every exchange; it says nothing to a producer. */
  passive?: boolean | undefined;
  autoDelete?: boolean | undefined;
  deliveryMode?: DeliveryModeConfig | undefined;
  arguments?: Readonly<Record<string, unknown>> | undefined;
  noDeclare?: boolean | undefined;
}

export interface BindingConfig {
  exchange: string | ExchangeConfig;
  exchangeType?: ExchangeTypeConfig | undefined;
  routingKey?: string | undefined;
  arguments?: Readonly<Record<string, unknown>> | undefined;
}

/** The name of a queue, or options for tasks that do not have them. */
export type RouteConfig =
  | string
  | Pick<
      OptionsConfig,
      | ('queue' | 'exchange' | 'exchangeType' | 'routingKey')
      | ('priority' | 'deliveryMode' | 'headers' | 'serializer' | 'compression')
    >;

/**
 * A route in code. `null` leaves the task to the next route. Called once for each entry, at load and
 * again when beat starts; where arguments depend on the occurrence, once for each of those. `options`
 * are the task's own: durations in milliseconds.
 */
export type RouteFunction = (
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: Readonly<MessageOptions>,
) => RouteConfig | null | undefined;

/** A task's name, a glob when it holds a `*`, or (in code) an expression that matches from the name's start. */
export type RoutePair = readonly [key: string | RegExp, route: RouteConfig];
export type RouteTable = Readonly<Record<string, RouteConfig>>;

/** A table; a function; or a list of such, of pairs, and of lists of pairs. The first that knows a task decides. */
export type RoutesConfig =
  | RouteTable
  | RouteFunction
  | readonly (RouteTable | RouteFunction | RoutePair | readonly RoutePair[])[];
