import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Difference } from '../entries/catalog/catalog.ts';
import type { BeatConfig } from '../generated/config-types.ts';
import { LiveSettings } from './reload/live-settings.ts';
import { toSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import type { BeatEvents } from '../contracts/events/beat-events.ts';
import { Events, type EventSource, type Listener } from '../contracts/events/events.ts';
import { Connections } from './instance/connections.ts';
import { runInstance, type Instance } from './instance/run-instance.ts';
import { Liveness } from '../observe/liveness.ts';
import { openTraces } from '../observe/traces.ts';
import { Reloader, type SettingsSource } from './reload/reloader.ts';
import type { FindSchedulers, Store } from '../contracts/store/store.ts';
import type { Clock, Random } from '../util/clock.ts';
import { Wakeup } from '../util/wakeup.ts';
import { systemClock } from '../util/system-clock.ts';
import { Stop } from '../util/grace-period.ts';

export interface BeatOptions {
  /** The source of time; the host's clocks unless given. */
  readonly clock?: Clock;
  /** The source of chance, for pauses between attempts; `Math.random` unless given. */
  readonly random?: Random;
  /** An open store; by default the store that `brokerUrl` names. */
  readonly store?: Store;
  /** The origin of messages, as Celery's `gen<pid>@<host>`. */
  readonly origin?: string;
  /** Identifies the instance, and is where messages say that replies go; a random UUID unless given. */
  readonly id?: string;
  /**
   * The source of the configuration: `reload()` reads it again, and so does a leader that begins a term, if it has
   * changed.
   */
  readonly source?: SettingsSource;
  /** Finds schedulers outside the store that beat has replaced; by default none. */
  readonly findSchedulers?: FindSchedulers;
}

/**
 * One instance of the scheduler. Any number of instances may run, in one process or in many: one of them leads. `start`
 * makes the instance a follower; `stop` finishes the current batch and releases the lock.
 */
export class Beat implements EventSource, AsyncDisposable {
  /** Whether the loop makes progress, for health checks. */
  readonly liveness: Liveness;
  readonly #instance: Instance & { readonly connections: Connections };
  readonly #stop = new AbortController();
  #opening: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  /** Throws a `ConfigError` with every problem found. */
  constructor(config: BeatConfig | Settings, options?: BeatOptions | null) {
    const { store, source, findSchedulers, origin } = options ?? {};
    const clock = options?.clock ?? systemClock;
    const random = options?.random ?? Math.random;
    const live = new LiveSettings(toSettings(config), {
      origin: origin ?? `beat@${hostname()}`,
      replyTo: options?.id ?? randomUUID(),
    });
    this.liveness = new Liveness(clock);
    const shared = { live, clock, random, events: new Events(), liveness: this.liveness, wakeup: new Wakeup() };
    const connections = new Connections({ ...shared, store });
    const prepare = (settings: Settings) => connections.openResults(settings);
    const reloader = new Reloader({ ...shared, source, prepare });
    this.#instance = { ...shared, connections, reloader, findSchedulers };
  }

  get settings(): Settings {
    return this.#instance.live.settings;
  }

  /** Calls the listener at each event. A listener that throws or rejects is reported as a `failure`. */
  on<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#instance.events.on(name, listener);
    return this;
  }

  /** Calls the listener at the next event only. */
  once<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#instance.events.once(name, listener);
    return this;
  }

  /** Removes a listener that `on` or `once` added. */
  off<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#instance.events.off(name, listener);
    return this;
  }

  /**
   * Opens the store and begins to follow. Resolves before the instance leads: listen to `leading`. May be called twice.
   * Throws a `ConfigError` for an invalid `brokerUrl`.
   */
  async start(): Promise<void> {
    await (this.#opening ??= this.#open());
  }

  /**
   * Replaces the configuration: by the given one, or by the files of `BeatOptions.source` as they are now. It takes
   * effect at the next tick; unchanged entries keep their place. Resolves with the names of the entries that differ.
   * Rejects with a `ConfigError`, and changes nothing, if the configuration is invalid or changes a setting that needs
   * a restart, such as `brokerUrl`. A store that was passed to the constructor keeps the queues that it was opened
   * with.
   */
  async reload(config?: BeatConfig | Settings): Promise<Difference> {
    if (config === undefined) return this.#instance.reloader.reload();
    return this.#instance.reloader.replace(toSettings(config));
  }

  /**
   * Finishes the current batch, releases the lock and closes the store. May be called twice. A stopped instance cannot
   * be started again.
   */
  async stop(): Promise<void> {
    if (!this.#stop.signal.aborted) this.#stop.abort(new Stop(this.#instance.clock.monotonic()));
    await this.finished();
  }

  /** Resolves when the instance has stopped; at once if it never started. */
  async finished(): Promise<void> {
    // `start` has already rejected with this error.
    await this.#opening?.catch(() => {});
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #open(): Promise<void> {
    const { events, live, connections } = this.#instance;
    const traceRun = await openTraces(events);
    if (traceRun) live.trace(traceRun);
    await connections.open();
    this.#running = runInstance(this.#instance, this.#stop.signal);
  }
}
