import type { ExchangeType } from './destination.ts';

/** A queue as it is declared, and the exchange that it is bound to. */
export interface Queue {
  readonly name: string;
  readonly exchange: string;
  readonly exchangeType: ExchangeType;
  /** What it is bound by: a key, or for a topic exchange a pattern of words, `*` and `#`. */
  readonly routingKey: string;
  /** AMQP's arguments, such as `x-max-priority`. */
  readonly arguments: Readonly<Record<string, unknown>>;
}
