import type { Destination } from '../../celery/message/destination.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Rejection } from './broker.ts';

/** A broker that beat does not have, for `drivers` in the configuration. */
export interface DriverDefinition {
  /** The schemes of its URLs, such as `queue+https`: lower-case letters, digits, `+`, `-` and `.`. */
  readonly schemes: readonly string[];
  /** The name in messages, such as `the queue service`. */
  readonly title: string;
  /** Called once, without a connection: the first `publish` may make one. An error ends the start of beat. */
  open(options: DriverOptions): DriverBroker;
}

export interface DriverOptions {
  /** `brokerUrl` as it was given: it may contain a password. */
  readonly url: string;
  /** The names of the queues that receive a message by `taskQueues`; without an exchange, the queue that it names. */
  queuesFor(destination: Destination): readonly string[];
}

export interface DriverBroker {
  /**
   * Stores the messages, in their order, and resolves with those that the broker would reject again, each with the
   * reason; `undefined` means that all are stored. Messages are in the outbox until then: after an error beat repeats all
   * of them under the same task ids, with growing pauses, and so does the next leader. The signal aborts after a minute,
   * which counts as an error.
   */
  publish(messages: readonly Message[], signal: AbortSignal): Promise<readonly Rejection[] | undefined>;
  close?(): Promise<void>;
}

/** A symbol of the realm: the module of the configuration may load another copy of this file than beat itself. */
export const OWN_DRIVER = Symbol.for('celery-beat.driver');

/** A driver of the user, made by `defineDriver`. */
export interface OwnDriver extends DriverDefinition {
  readonly [OWN_DRIVER]: true;
}

export function isOwnDriver(value: unknown): value is OwnDriver {
  return typeof value === 'object' && value !== null && OWN_DRIVER in value;
}
