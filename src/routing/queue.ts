import type { ExchangeType } from '../message/destination.ts';

/** An exchange as it is declared. */
export interface Exchange {
  readonly name: string;
  readonly type: ExchangeType;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** Of messages to its queues that name none: 1 transient, 2 persistent; `null` for the configuration's. */
  readonly deliveryMode: 1 | 2 | null;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Others make it. */
  readonly noDeclare: boolean;
}

/** What a queue gets from an exchange. */
export interface Binding {
  readonly exchange: Exchange;
  /** A key, or for a topic exchange a pattern of words, `*` and `#`; a fanout exchange looks at neither. */
  readonly routingKey: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A queue as it is declared, and what it is bound to. */
export interface Queue {
  /** Of a broadcast queue, which bears a name of its own in every worker, that of its exchange. */
  readonly name: string;
  /** Another name that tasks may call it by. */
  readonly alias: string | null;
  /** Each is declared. A message that asks for this queue by name goes by the first of them. */
  readonly bindings: readonly [Binding, ...Binding[]];
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  /** AMQP's arguments, such as `x-max-priority`. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** kombu's `Broadcast`: every worker makes and binds a queue of its own; the exchange alone is the producer's. */
  readonly broadcast: boolean;
  /** Others make it, its exchanges and its bindings. */
  readonly noDeclare: boolean;
}

/** An exchange with nothing remarkable: durable, as kombu makes them. */
export function createExchange(name: string, type: ExchangeType): Exchange {
  return {
    ...{ name, type, durable: true, autoDelete: false },
    ...{ deliveryMode: null, arguments: {}, noDeclare: false },
  };
}

/** A queue with nothing remarkable: durable, bound once. */
export function createQueue(name: string, exchange: Exchange, routingKey: string): Queue {
  return {
    ...{ name, alias: null, bindings: [{ exchange, routingKey, arguments: {} }] },
    ...{ durable: true, exclusive: false, autoDelete: false, arguments: {} },
    ...{ broadcast: false, noDeclare: false },
  };
}
