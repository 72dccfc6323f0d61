import { EventEmitter } from 'node:events';
import type { Message } from '../message/message.ts';
import type { SkipReason } from '../catalog/catch-up.ts';

/** A run that is in its queue and in the ledger. Instants are epoch milliseconds. */
export interface SentEvent {
  readonly entry: string;
  readonly task: string;
  readonly taskId: string;
  /** The queue that it went to first; of a message that names none, the exchange. */
  readonly queue: string;
  /** The nominal instant. */
  readonly dueAt: number;
  /** When its message was made. */
  readonly sentAt: number;
  readonly term: number;
  /** All that was sent for it, in its order. */
  readonly messages: readonly Message[];
}

/** A message that had to wait, since its queue or the broker did, is in its queue. */
export interface DeliveredEvent {
  readonly entry: string;
  /** The newest occurrence that was committed with it, epoch milliseconds. */
  readonly dueAt: number;
  readonly task: string;
  readonly taskId: string;
  /** Such as `queue "celery"`. */
  readonly to: string;
  readonly message: Message;
}

/** Occurrences that were dealt with without being sent. Instants are epoch milliseconds. */
export interface SkippedEvent {
  readonly entry: string;
  readonly reason: SkipReason;
  /** The oldest and the newest of them. */
  readonly first: number;
  readonly last: number;
  /** How many; `null` when there are too many to count. */
  readonly count: number | null;
}

/** What a term found out about an entry when it compared the config with the ledger. */
export interface EntryEvent {
  readonly entry: string;
  readonly change: 'added' | 'edited' | 'resumed' | 'paused' | 'removed';
}

/** An entry that counts from now has nothing to wait for: an `at` that is past, for example. */
export interface OverEvent {
  readonly entry: string;
  readonly change: 'added' | 'edited' | 'resumed';
  /** Its schedule in words. */
  readonly schedule: string;
}

/** A term has read the ledger and can schedule. */
export interface BegunEvent {
  readonly term: number;
  /** How many entries are enabled. */
  readonly entries: number;
  /** How many entries changed, and how, since the ledger was last written; empty for none. */
  readonly changes: Readonly<Partial<Record<EntryEvent['change'], number>>>;
  /** The ledger is empty, though this instance has written to it before. */
  readonly ledgerLost: boolean;
}

/**
 * What a warning is about: clocks that differ, a store that evicts, servers of the lock that are gone,
 * messages that pile up, takeovers that are slower than they could be, rows that are not removed.
 */
export type Concern = 'clock' | 'eviction' | 'locks' | 'outbox' | 'takeover' | 'pruning';

/** Reports a warning, when it begins or when its words change; `null` when it is over. */
export type Warn = (about: Concern, message: string | null) => void;

export interface BeatEvents {
  /** This instance won the lock and began a term. */
  leading: [{ readonly term: number }];
  /** This instance waits for the lock; `reason` says why it does not lead. */
  following: [{ readonly reason: string }];
  begun: [BegunEvent];
  entry: [EntryEvent];
  over: [OverEvent];
  sent: [SentEvent];
  delivered: [DeliveredEvent];
  skipped: [SkippedEvent];
  /** Something outside did not work; beat goes on trying. */
  fault: [{ readonly operation: string; readonly error: unknown }];
  /** That operation works again. */
  recovered: [{ readonly operation: string }];
  /** Nothing failed, but a promise is in danger; `message` is `null` when it is not any more. */
  warning: [{ readonly about: Concern; readonly message: string | null }];
  /** This host's clock is so far ahead of the store's, give or take `within`. Milliseconds. */
  skew: [{ readonly ms: number; readonly within: number }];
  /** The loop has looked; it will again at `wakeAt` (epoch milliseconds, `Infinity` for never). */
  tick: [{ readonly sent: number; readonly wakeAt: number }];
  stopped: [];
}

/**
 * The one outlet: logs, metrics and users' code subscribe here, and nothing they do reaches back. A
 * listener that throws is reported as a fault and hinders neither the scheduler nor other listeners.
 */
export class Events extends EventEmitter<BeatEvents> {
  readonly #failing = new Set<string>();
  readonly #warned = new Map<Concern, string>();

  /** Something outside did not work; said again at every failure, so that listeners can count them. */
  failed(operation: string, error: unknown): void {
    this.#failing.add(operation);
    this.announce('fault', { operation, error });
  }

  /** It worked; said only if it failed before. */
  worked(operation: string): void {
    if (this.#failing.delete(operation)) this.announce('recovered', { operation });
  }

  /** Said when it begins, when its words change, and with `null` when it is over. */
  warn(about: Concern, message: string | null): void {
    if ((this.#warned.get(about) ?? null) === message) return;
    if (message === null) this.#warned.delete(about);
    else this.#warned.set(about, message);
    this.announce('warning', { about, message });
  }

  announce<K extends keyof BeatEvents>(name: K, ...payload: BeatEvents[K]): void {
    const threw = (error: unknown) => {
      if (name !== 'fault') this.announce('fault', { operation: `a listener of "${name}"`, error });
    };
    for (const listener of this.rawListeners(name)) {
      try {
        const answer: unknown = Reflect.apply(listener, this, payload);
        // Nobody waits for an async listener, so nobody else would hear that it failed.
        if (answer instanceof Promise) answer.catch(threw);
      } catch (error) {
        threw(error);
      }
    }
  }
}
