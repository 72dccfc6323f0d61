import type { ExchangeType } from '../message/destination.ts';

export interface Exchange {
  readonly name: string;
  readonly type: ExchangeType;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The default delivery mode of its messages: 1 transient, 2 persistent; `null` for the mode of the configuration. */
  readonly deliveryMode: 1 | 2 | null;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** beat does not declare it. */
  readonly noDeclare: boolean;
}

export interface Binding {
  readonly exchange: Exchange;
  /** A key, or a pattern with `*` and `#` for a topic exchange; a fanout exchange ignores it. */
  readonly routingKey: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The declaration of a queue with its bindings. */
export interface Queue {
  /** For a broadcast queue the name of its exchange, because each worker has its own queue. */
  readonly name: string;
  /** Another name for the queue in options and routes. */
  readonly alias: string | null;
  /** A message to this queue uses the first binding. */
  readonly bindings: readonly [Binding, ...Binding[]];
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  /** AMQP's arguments, such as `x-max-priority`. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** kombu's `Broadcast`: each worker declares and binds its own queue; beat declares only the exchange. */
  readonly broadcast: boolean;
  readonly noDeclare: boolean;
}

/** Creates a durable exchange with kombu's defaults. */
export function createExchange(name: string, type: ExchangeType): Exchange {
  return { name, type, durable: true, autoDelete: false, deliveryMode: null, arguments: {}, noDeclare: false };
}

/** Creates a durable queue with one binding. */
export function createQueue(
  name: string,
  exchange: Exchange,
  routingKey: string,
  args: Queue['arguments'] = {},
): Queue {
  return {
    name,
    alias: null,
    bindings: [{ exchange, routingKey, arguments: {} }],
    durable: true,
    exclusive: false,
    autoDelete: false,
    arguments: args,
    broadcast: false,
    noDeclare: false,
  };
}
