import { matches } from './bindings.ts';
import type { Destination } from '../message/destination.ts';
import type { Binding, Exchange, Queue } from './queue.ts';

/** The queues that are bound to one exchange. */
export interface ExchangeBindings {
  /** As the first of its queues describes it. */
  readonly exchange: Exchange;
  /** The queues that a message sent to this exchange ends up in, in the order in which they are described. */
  queuesFor(destination: Destination): Queue[];
}

/**
 * The bindings of all queues by the name of their exchange. Within one exchange those that match a single key
 * are found by that key: ten thousand entries against ten thousand queues would be a hundred million matches.
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
  /** Among all described queues. */
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
