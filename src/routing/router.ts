import type { MessageOptions } from '../message/message.ts';
import { toQueue, type Destination } from './destination.ts';
import type { Queues } from './queues.ts';

/** What routing makes of a task's options: where to, and the options with what a route adds to them. */
export interface Routed {
  readonly destination: Destination;
  readonly options: MessageOptions;
}

/** Says where tasks go. */
export class Router {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  route(
    _task: string,
    _args: readonly unknown[],
    _kwargs: Readonly<Record<string, unknown>>,
    options: MessageOptions,
  ): Routed {
    return { destination: toQueue(options.queue ?? this.#queues.default.name), options };
  }
}
