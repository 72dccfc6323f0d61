import type { Destination } from '../celery/message/destination.ts';
import type { Message } from '../celery/message/message.ts';
import type { Broker, BrokerOptions, Rejection } from '../contracts/broker/broker.ts';
import { BeatError, describeError, StoreError } from '../util/errors.ts';
import { BUILT_IN, type Driver } from './table.ts';

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
   * reason; nothing means that all are stored. Messages are in the outbox until then: after an error beat repeats all
   * of them under the same task ids, with growing pauses, and so does the next leader. The signal aborts after a minute,
   * which counts as an error.
   */
  publish(messages: readonly Message[], signal: AbortSignal): Promise<readonly Rejection[] | void>;
  close?(): Promise<void>;
}

/** The longest time of one call of `publish`. Milliseconds. */
const PUBLISH_TIMEOUT = 60_000;

/** A symbol of the realm: the module of the configuration may load another copy of this file than beat itself. */
const MARK = Symbol.for('celery-beat.driver');

/** A driver of the user, with what beat can know about its broker. */
export interface OwnDriver extends Driver {
  readonly [MARK]: true;
}

export function isOwnDriver(value: unknown): value is OwnDriver {
  return typeof value === 'object' && value !== null && MARK in value;
}

/**
 * Makes a driver for `drivers` in the configuration, so that `brokerUrl` may have its schemes. Lock and state are in
 * `stateUrl`. Throws a `BeatError` for a scheme that beat has itself, or that is not one.
 */
export function defineDriver(definition: DriverDefinition): OwnDriver {
  const { schemes, title, open } = definition;
  if (typeof open !== 'function') throw new BeatError('defineDriver: open is not a function');
  if (typeof title !== 'string' || title === '') throw new BeatError('defineDriver: title is not a text');
  if (!Array.isArray(schemes) || schemes.length === 0)
    throw new BeatError('defineDriver: schemes is not a list of texts');
  for (const scheme of schemes) {
    const shown = JSON.stringify(scheme);
    if (!/^[a-z][a-z0-9+.-]*$/.test(String(scheme)))
      throw new BeatError(`defineDriver: ${shown} is not a scheme of URLs`);
    if (BUILT_IN.has(scheme) || scheme.startsWith('sqla')) {
      throw new BeatError(`defineDriver: beat has a driver of its own for ${shown}`);
    }
  }
  return Object.freeze({
    [MARK]: true as const,
    name: 'own',
    title,
    schemes: Object.fromEntries(schemes.map((scheme) => [scheme, {}])),
    remote: true,
    shared: true,
    fanoutExchanges: true,
    headersExchanges: true,
    bindings: true,
    loadBroker: async () => (options) => adapt(open, options),
  } satisfies OwnDriver);
}

function adapt(open: DriverDefinition['open'], { server, queues, clock }: BrokerOptions): Broker {
  const own = open({
    url: server.url,
    queuesFor: (destination) => queues.queuesFor(destination).map(({ name }) => name),
  });
  return {
    async publish(messages) {
      if (messages.length === 0) return [];
      const ended = new AbortController();
      const timeout = async (): Promise<never> => {
        await clock.sleep(PUBLISH_TIMEOUT, ended.signal);
        throw new Error(`publish did not end within ${PUBLISH_TIMEOUT / 1_000} s`);
      };
      try {
        const publishing = (async () => own.publish(messages, ended.signal))();
        publishing.catch(() => {});
        const rejected = (await Promise.race([publishing, timeout()])) ?? [];
        const strange = rejected.find(({ message }) => !messages.includes(message));
        if (strange) throw new Error('publish rejected a message that it was not given');
        return rejected;
      } catch (error) {
        throw new StoreError(`broker.publish: ${describeError(error)}`, { cause: error });
      } finally {
        ended.abort();
      }
    },
    async announce() {},
    async close() {
      await own.close?.();
    },
  };
}
