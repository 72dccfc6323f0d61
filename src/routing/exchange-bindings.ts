import { matches } from './bindings.ts';
import type { Destination } from '../message/destination.ts';
import type { Binding, Exchange, Queue } from './queue.ts';

/** The bindings of one exchange. */
export interface ExchangeBindings {
  /** As configured with the first of its queues. */
  readonly exchange: Exchange;
  /** The queues that receive a message of this exchange, in the order of the configuration. */
  queuesFor(destination: Destination): Queue[];
}

/**
 * Groups the bindings of all queues by exchange. Bindings without a pattern are indexed by their key, so that ten
 * thousand entries and ten thousand queues do not take a hundred million matches.
 */
export function groupByExchange(queues: readonly Queue[]): Map<string, ExchangeBindings> {
  const found = new Map<string, Bindings>();
  for (const [place, queue] of queues.entries()) {
    for (const binding of queue.bindings) {
      const { exchange } = binding;
      let bindings = found.get(exchange.name);
      if (!bindings) found.set(exchange.name, (bindings = new Bindings(exchange)));
      bindings.add({ queue, place, binding });
    }
  }
  return found;
}

interface Bound {
  readonly queue: Queue;
  /** The index of the queue in the configuration. */
  readonly place: number;
  readonly binding: Binding;
}

class Bindings implements ExchangeBindings {
  readonly exchange: Exchange;
  readonly #byKey = new Map<string, Bound[]>();
  readonly #others: Bound[] = [];

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  add(bound: Bound): void {
    const { routingKey, exchange } = bound.binding;
    const isPattern = exchange.type === 'fanout' || /[*#]/.test(routingKey) || routingKey === '';
    const same = this.#byKey.get(routingKey);
    if (isPattern) this.#others.push(bound);
    else if (same) same.push(bound);
    else this.#byKey.set(routingKey, [bound]);
  }

  queuesFor(destination: Destination): Queue[] {
    const bound = [...(this.#byKey.get(destination.routingKey) ?? []), ...this.#others];
    return bound
      .filter(({ binding }) => matches(binding, destination))
      .toSorted((a, b) => a.place - b.place)
      .map(({ queue }) => queue);
  }
}
