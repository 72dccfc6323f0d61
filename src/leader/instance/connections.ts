import { resultOptions, storeOptions } from '../../config/service/store-options.ts';
import type { EventStream } from '../../contracts/broker/event-stream.ts';
import type { Settings } from '../../config/settings.ts';
import { openEventStream } from '../../drivers/open-consumer.ts';
import { openResultReader } from '../../drivers/open-results.ts';
import { openResults } from '../../drivers/open-store.ts';
import { openStore } from '../outbox/open-store.ts';
import { emitOutboxEvents } from '../outbox/outbox-events.ts';
import type { ResultReader, ResultBackend } from '../../contracts/store/results.ts';
import type { Store } from '../../contracts/store/store.ts';
import type { InstanceParts } from './instance.ts';

export interface ConnectionsOptions extends InstanceParts {
  /** An open store, which `close` leaves open; by default the store of the settings. */
  readonly store: Store | undefined;
}

export type OpenConnections = Pick<Connections, 'store' | 'reader' | 'eventStream' | 'results' | 'close'>;

/** The connections of an instance: to its store, and to result backend and task events if they are needed. */
export class Connections {
  readonly #options: ConnectionsOptions;
  /** The store, after `open`. */
  store!: Store;
  /** Reads outcomes; `null` before `open`, and if outcomes are not followed. */
  reader: ResultReader | null = null;
  /** The task events of workers; `null` before `open`, and if workers send none. */
  eventStream: EventStream | null = null;
  #results: ResultBackend | null = null;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Throws a `ConfigError` for an invalid URL. */
  async open(): Promise<void> {
    const { live, clock } = this.#options;
    const { results, outcomes, eventStream } = live.settings;
    await this.openResults(live.settings);
    if (outcomes) this.reader = await openResultReader(results, clock);
    if (eventStream) {
      const { broker, connection, transport } = live.settings;
      this.eventStream = await openEventStream(broker, { ...eventStream, connection, transport, clock });
    }
    this.store = this.#options.store ?? (await this.#openStore());
  }

  /** Opens the result backend, once, if entries of these settings start chords. Throws a `ConfigError`. */
  async openResults(settings: Settings): Promise<void> {
    this.#results ??= await openResults(resultOptions(settings));
  }

  /** Resolves with the result backend for a chord. A stored entry may be the first that starts one. */
  readonly results = async (): Promise<ResultBackend | null> => {
    return (this.#results ??= await openResults(this.#options.live.settings.results));
  };

  async close(): Promise<void> {
    await this.#results?.close();
    await this.reader?.close();
    await this.eventStream?.close();
    if (!this.#options.store) await this.store.close();
  }

  #openStore(): Promise<Store> {
    const { live, events, liveness, clock } = this.#options;
    return openStore({
      ...storeOptions(live.settings, clock),
      queues: live.queues,
      findPolicies: live.findPolicies,
      reports: emitOutboxEvents(events, liveness),
      warn: (...warning) => events.warn(...warning),
    });
  }
}
