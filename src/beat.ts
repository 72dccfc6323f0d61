import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { sleepUntil, systemClock, type Clock } from './util/clock.ts';
import type { BeatConfig } from './config/config-types.ts';
import { resolveSettings } from './config/resolve.ts';
import { LiveSettings } from './config/live-settings.ts';
import { resultOptions, storeOptions } from './config/service/store-options.ts';
import type { Settings } from './config/settings.ts';
import type { Difference } from './catalog/catalog.ts';
import { StoreError } from './util/errors.ts';
import type { BeatEvents } from './events/beat-events.ts';
import { Events, type EventSource, type Listener } from './events/events.ts';
import { CommandInbox } from './inbox/command-inbox.ts';
import { ReloadCommands } from './inbox/reload-commands.ts';
import { Leadership } from './scheduling/leadership.ts';
import { TermEnded, type Term } from './scheduling/term.ts';
import { Liveness } from './observe/liveness.ts';
import { emitOutboxEvents } from './observe/outbox-events.ts';
import { Presence } from './observe/presence.ts';
import { publishTaskEvents } from './observe/task-events.ts';
import { openTraces } from './observe/traces.ts';
import { HealthMonitor } from './observe/health-monitor.ts';
import { openResultReader } from './drivers/open-result-reader.ts';
import { openResults, openStore } from './drivers/open-store.ts';
import { buildRevoke } from './message/revoke.ts';
import { FOLLOW_FOR, OutcomeFollower } from './outcomes/outcome-follower.ts';
import { recordWithdrawn } from './outcomes/record-withdrawn.ts';
import type { ResultReader } from './store/result-reader.ts';
import type { ResultBackend } from './store/results.ts';
import { Reloader, type SettingsSource } from './reload/reloader.ts';
import { Scheduler } from './scheduling/scheduler.ts';
import type { Store } from './store/store.ts';
import { Stop, withGracePeriod } from './util/grace-period.ts';

export interface BeatOptions {
  /** Where time comes from; the host's clocks unless a test brings its own. */
  readonly clock?: Clock;
  /** An open store; by default the store that `brokerUrl` names. */
  readonly store?: Store;
  /** The origin of messages, as Celery's `gen<pid>@<host>`. */
  readonly origin?: string;
  /** Where the configuration is read again by `reload()` and at the beginning of a term, if it has changed. */
  readonly source?: SettingsSource;
}

/**
 * One instance of the scheduler. Any number of instances may run, in one process or in many: one of them leads. `start`
 * makes the instance a follower; `stop` finishes the current batch and releases the lock.
 */
export class Beat implements EventSource, AsyncDisposable {
  /** Whether the loop makes progress, for health checks. */
  readonly liveness: Liveness;
  readonly #events = new Events();
  readonly #clock: Clock;
  readonly #live: LiveSettings;
  readonly #reloader: Reloader;
  readonly #given: Store | undefined;
  #results: ResultBackend | null = null;
  #reader: ResultReader | null = null;
  readonly #stop = new AbortController();
  #opening: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  /** Throws a `ConfigError` with every problem found. */
  constructor(config: BeatConfig | Settings, options: BeatOptions = {}) {
    this.#live = new LiveSettings('entries' in config ? config : resolveSettings(config), {
      origin: options.origin ?? `beat@${hostname()}`,
      replyTo: randomUUID(),
    });
    this.#clock = options.clock ?? systemClock;
    this.#given = options.store;
    this.liveness = new Liveness(this.#clock);
    this.#reloader = new Reloader({
      live: this.#live,
      source: options.source,
      prepare: (settings) => this.#openResults(settings),
      events: this.#events,
      liveness: this.liveness,
      clock: this.#clock,
    });
  }

  /** The settings in force. */
  get settings(): Settings {
    return this.#live.settings;
  }

  /** Calls the listener at each event. One that throws or rejects is reported as a `failure`. */
  on<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#events.on(name, listener);
    return this;
  }

  /** Calls the listener at the next event only. */
  once<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#events.once(name, listener);
    return this;
  }

  /** Removes a listener that `on` or `once` added. */
  off<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#events.off(name, listener);
    return this;
  }

  /**
   * Opens the store and begins to follow. Resolves at once: listen to `leading` for more. May be called
   * twice. Throws a `ConfigError` for an invalid `brokerUrl`.
   */
  async start(): Promise<void> {
    await (this.#opening ??= this.#open());
  }

  /**
   * Replaces the configuration: by the given one, or by the files of `BeatOptions.source` as they are now. The
   * new one is in force from the next tick on; entries that did not change keep their place. Resolves with the
   * names of the entries that did. Rejects with a `ConfigError`, and changes nothing, if the configuration is
   * invalid or changes a setting that needs a restart, such as `brokerUrl`. A store that was given to the
   * constructor keeps the queues that it was opened with.
   */
  async reload(config?: BeatConfig | Settings): Promise<Difference> {
    if (config === undefined) return this.#reloader.reload();
    return this.#reloader.replace('entries' in config ? config : resolveSettings(config));
  }

  /**
   * Finishes the current batch, releases the lock and closes the store. May be called twice. A stopped instance cannot
   * be started again.
   */
  async stop(): Promise<void> {
    if (!this.#stop.signal.aborted) this.#stop.abort(new Stop(this.#clock.monotonic()));
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
    await this.#openResults(this.settings);
    const { results, outcomes } = this.settings;
    if (outcomes) this.#reader = await openResultReader(results, this.#clock);
    const traceRun = await openTraces(this.#events);
    if (traceRun) this.#live.trace(traceRun);
    const store = this.#given ?? (await this.#openStore());
    this.#running = this.#run(store);
  }

  async #openResults(settings: Settings): Promise<void> {
    this.#results ??= await openResults(resultOptions(settings));
  }

  #openStore(): Promise<Store> {
    return openStore({
      ...storeOptions(this.settings, this.#clock),
      queues: this.#live.queues,
      findPolicies: this.#live.findPolicies,
      reports: emitOutboxEvents(this.#events, this.liveness),
      warn: (...warning) => {
        this.#events.warn(...warning);
      },
    });
  }

  async #run(store: Store): Promise<void> {
    const clock = this.#clock;
    const events = this.#events;
    const stop = this.#stop.signal;
    const progressed = () => {
      this.liveness.touch();
    };
    const leadership = new Leadership({
      lock: store.lock,
      ledger: store.ledger,
      clock,
      events: this.#events,
      ttl: this.settings.lock.ttl,
      onProgress: progressed,
    });
    const reader = this.#reader;
    const outcomes = reader
      ? new OutcomeFollower({ reader, history: store.history, clock, events })
      : undefined;
    const scheduler = new Scheduler({
      catalog: this.#live.catalog,
      ledger: store.ledger,
      clock,
      events: this.#events,
      messageContext: () => this.#live.messageContext,
      // A stored entry may be the first that starts a chord.
      results: async () => (this.#results ??= await openResults(this.settings.results)),
      progressed,
      stored: store.entries && {
        entries: store.entries,
        definitions: () => this.settings.definitions,
      },
      ...(outcomes && { outcomes }),
      cancelTasks: (taskIds) => {
        const revoke = buildRevoke(taskIds, this.settings.remoteControl.namespace);
        return store.broker.announce([revoke], { declaredBySubscribers: true });
      },
      blocked: (entries) => (this.liveness.blockedEntries = entries),
    });
    const monitor = new HealthMonitor(store.checkHealth, clock, this.#events);
    const taskEvents = publishTaskEvents(this.#events, store.broker, {
      settings: () => this.settings.taskEvents,
      origin: this.#live.messageContext.origin,
      clock,
    });
    const withdrawn = store.history && recordWithdrawn(events, store.history, clock);
    const commands =
      store.commands &&
      new CommandInbox({
        log: store.commands,
        engine: scheduler.commands,
        reloads: new ReloadCommands(() => this.reload(), clock),
        events,
        clock,
      });
    const startServices = (term: Term, signal: AbortSignal) => {
      void monitor.run(signal);
      void store.relay?.run(term.token, signal);
      void store.nameIndex?.run(term.token, signal);
      void outcomes?.run(signal, scheduler.publishedSince(clock.now() - FOLLOW_FOR));
    };
    const { origin } = this.#live.messageContext;
    const presence =
      store.instances && new Presence(store.instances, this.#events, clock, origin).run(stop);
    await leadership.run((term) => this.#lead(scheduler, commands, startServices, term), stop);
    // Events are not worth waiting for a broker that does not answer.
    await withGracePeriod(clock, stop, taskEvents.flush()).catch(() => {});
    if (withdrawn) await withGracePeriod(clock, stop, withdrawn.flush()).catch(() => {});
    if (presence) await withGracePeriod(clock, stop, presence).catch(() => {});
    await this.#results?.close();
    await reader?.close();
    if (store !== this.#given) await store.close();
    this.#events.emit('stopped');
  }

  async #lead(
    scheduler: Scheduler,
    commands: CommandInbox | undefined,
    startServices: (term: Term, signal: AbortSignal) => void,
    term: Term,
  ): Promise<void> {
    const stop = this.#stop.signal;
    const awake = AbortSignal.any([term.signal, stop]);
    const reloader = this.#reloader;
    try {
      let wakeAt = await this.#begin(scheduler, commands, term, () => {
        startServices(term, awake);
      });
      this.#events.reportRecovery({ kind: 'lead' });
      for (;;) {
        const arrived = scheduler.arrival(commands?.arrival(awake) ?? awake);
        const arrival = reloader.arrival(arrived);
        await sleepUntil(this.#clock, wakeAt, arrival, () => {
          this.liveness.touch();
        });
        if (awake.aborted) return;
        wakeAt = await scheduler.tick(term, stop);
        if (await reloader.apply(scheduler, term, stop)) wakeAt = scheduler.wakeAt;
        if (await commands?.process(term, stop)) wakeAt = scheduler.wakeAt;
      }
    } finally {
      reloader.endScheduling();
      // The next leader reads the states again.
      this.liveness.blockedEntries = [];
    }
  }

  /**
   * Loads states and runs the first tick of a term. Any error until then is a failure of the term: later terms could
   * fail in the same way without publishing anything. Commands that were sent while no instance led take effect
   * before missed runs are caught up, so that a pause prevents them.
   */
  async #begin(
    scheduler: Scheduler,
    commands: CommandInbox | undefined,
    term: Term,
    loaded: () => void,
  ): Promise<number> {
    const stop = this.#stop.signal;
    await this.#reloader.refresh();
    if (term.signal.aborted || stop.aborted) return Infinity;
    this.#reloader.beginScheduling();
    try {
      await scheduler.begin(term, stop);
      loaded();
      await commands?.begin(term, stop);
      return await scheduler.tick(term, stop);
    } catch (error) {
      if (!(error instanceof TermEnded)) throw error;
      throw new StoreError(`the term cannot begin: ${error.message}`, { cause: error });
    }
  }
}
