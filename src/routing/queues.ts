import type { Queue } from './queue.ts';

/** What queues are made by that nobody has described. */
export interface QueueRules {
  /** The queue of tasks that name none. */
  readonly defaultQueue: string;
  /** `x-max-priority` of every queue; `null` for none. */
  readonly maxPriority: number | null;
  /** Of the default queue. */
  readonly defaultType: QueueType;
  /** Of every other. */
  readonly missingType: QueueType;
}

export type QueueType = 'classic' | 'quorum';

export const DEFAULT_RULES: QueueRules = {
  defaultQueue: 'celery',
  maxPriority: null,
  defaultType: 'classic',
  missingType: 'classic',
};

/** Every queue that a message may go to, by name. */
export class Queues {
  readonly #rules: QueueRules;
  readonly #byName = new Map<string, Queue>();

  constructor(rules: QueueRules = DEFAULT_RULES) {
    this.#rules = rules;
  }

  /** The queue of tasks that name none. */
  get default(): Queue {
    return this.get(this.#rules.defaultQueue);
  }

  /** The queue of that name; one that nobody has described is made by the rules. */
  get(name: string): Queue {
    let queue = this.#byName.get(name);
    if (!queue) this.#byName.set(name, (queue = this.#missing(name)));
    return queue;
  }

  /** As Celery's producer makes one: bound to a direct exchange of its own name. */
  #missing(name: string): Queue {
    const { defaultQueue, maxPriority, defaultType, missingType } = this.#rules;
    const type = name === defaultQueue ? defaultType : missingType;
    return {
      name,
      exchange: name,
      exchangeType: 'direct',
      routingKey: name,
      arguments: {
        ...(maxPriority !== null && { 'x-max-priority': maxPriority }),
        // The other type is what a queue is without a word, and what older servers know no word for.
        ...(type === 'quorum' && { 'x-queue-type': type }),
      },
    };
  }
}
