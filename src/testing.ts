/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
/**
 * `celery-beat/testing`: for tests of your own schedules. Time advances only when the test advances it, and the
 * published messages can be inspected.
 */
import type { BeatConfig } from './generated/config-types.ts';
import { parseDuration } from './config/values/option.ts';
import { LiveSettings } from './leader/reload/live-settings.ts';
import { toSettings } from './config/resolve.ts';
import type { Settings } from './config/settings.ts';
import { BeatError } from './util/errors.ts';
import type { BeatEvents, OutcomeEvent, SentEvent, SkippedEvent } from './contracts/events/beat-events.ts';
import { Events, type Listener } from './contracts/events/events.ts';
import type { RunOutcomes } from './leader/scheduling/scheduler-options.ts';
import type { Term } from './leader/scheduling/term.ts';
import { ManualClock, toEpochMs } from './drivers/memory/clock.ts';
import { MemoryResults } from './drivers/memory/results.ts';
import { openMemoryStore, type MemoryStore } from './drivers/memory/store.ts';
import type { Message } from './celery/message/message.ts';
import { upcoming } from './entries/planning/next-due.ts';
import { Scheduler } from './leader/scheduling/scheduler.ts';
import { parseEndpoint } from './drivers/endpoint.ts';

export { ManualClock };
export {
  brokerChecks,
  testMessage,
  type BrokerCheck,
  type QueuedMessage,
  type TestedBroker,
} from './drivers/broker-checks.ts';

/** One occurrence of a schedule in the configuration. */
export interface Due {
  readonly entry: string;
  readonly dueAt: Date;
}

/**
 * Lists the occurrences in `(from, until]` in the order of time, for entries that are new at `from`. Throws a
 * `ConfigError` for an invalid configuration.
 */
export function due(
  config: BeatConfig | Settings,
  { from, until }: { readonly from: Date | string; readonly until: Date | string },
): Due[] {
  const end = toEpochMs(until);
  const found: Due[] = [];
  const enabled = readSettings(config).entries.filter((entry) => entry.enabled);
  for (const { entry, dueAt } of upcoming(enabled, toEpochMs(from), Infinity)) {
    if (dueAt > end) break;
    found.push({ entry: entry.name, dueAt: new Date(dueAt) });
  }
  return found;
}

/** How a task ended, beside its state. */
export interface TaskEnd {
  /**
   * How long it ran; Celery's workers do not store it.
   * @unit ms
   */
  readonly runtimeMs?: number;
  /** The name of the worker. */
  readonly worker?: string;
}

/** An instance that leads from the start, ticks when the test calls it, and publishes to memory. */
export class TestBeat {
  readonly clock: ManualClock;
  /** All published occurrences, oldest first. */
  readonly sent: SentEvent[] = [];
  readonly skipped: SkippedEvent[] = [];
  /** How tasks ended, oldest first. */
  readonly outcomes: OutcomeEvent[] = [];
  /** The ids of tasks that workers were asked to end (`overlap: 'cancel'`); a test ends such a task with `revoke`. */
  readonly cancelled: string[] = [];
  readonly #events = new Events();
  readonly #runs = createOutcomes();
  readonly #scheduler: Scheduler;
  readonly #store: MemoryStore;
  readonly #term: Term;
  #wakeAt = 0;

  private constructor(live: LiveSettings, clock: ManualClock, store: MemoryStore, term: number) {
    const events = this.#events;
    events.on('sent', (event) => this.sent.push(event));
    events.on('skipped', (event) => this.skipped.push(event));
    events.on('outcome', (event) => this.outcomes.push(event));
    this.clock = clock;
    const results = new MemoryResults();
    this.#store = store;
    this.#term = { token: term, stop: NEVER, signal: NEVER, trusted: true };
    this.#scheduler = new Scheduler({
      catalog: live.catalog,
      ledger: store.ledger,
      clock,
      events,
      messageContext: () => live.messageContext,
      results: () => results,
      outcomes: this.#runs,
      cancelTasks: async (taskIds) => void this.cancelled.push(...taskIds),
      progressed: () => {},
    });
  }

  /** Starts at an instant with an empty ledger, so that all entries are new. */
  static async start(config: BeatConfig | Settings, { now }: { readonly now: Date | string }): Promise<TestBeat> {
    const settings = readSettings(config);
    const clock = new ManualClock(now);
    const live = new LiveSettings(settings, SENDER);
    const { keyPrefix, lock, transport } = settings;
    const store = openMemoryStore({
      server: parseEndpoint('memory://'),
      locks: [],
      keyPrefix,
      lockTtl: lock.ttl,
      transport,
      queues: live.queues,
      clock,
    });
    const beat = new TestBeat(live, clock, store, await store.ledger.beginTerm());
    await beat.#scheduler.begin(beat.#term);
    await beat.tick();
    return beat;
  }

  /** The Celery messages in the queues, oldest first. */
  get messages(): readonly Message[] {
    return this.#store.broker.messages;
  }

  /** Adds a listener, as `Beat.on` does. */
  on<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#events.on(name, listener);
    return this;
  }

  /** Ends a published task with success now. Throws a `BeatError` if the task was not published or has ended. */
  async succeed(taskId: string, end: TaskEnd = {}): Promise<void> {
    await this.#end(taskId, { ...end, state: 'SUCCESS', error: null });
  }

  /** Ends a published task with a failure now. `error` is the exception in one line. Throws as `succeed` does. */
  async fail(taskId: string, error = 'Error: failed', end: TaskEnd = {}): Promise<void> {
    await this.#end(taskId, { ...end, state: 'FAILURE', error });
  }

  /** Ends a task as if a worker had terminated it, or discarded it before it began. Throws as `succeed` does. */
  async revoke(taskId: string): Promise<void> {
    await this.#end(taskId, { state: 'REVOKED', error: 'TaskRevokedError: terminated' });
  }

  /** Runs one tick. After the clock was advanced directly, this shows the effect of a downtime. */
  async tick(): Promise<void> {
    this.#wakeAt = await this.#scheduler.tick(this.#term);
  }

  /**
   * Advances the time as for a running instance: every occurrence is published at its instant. A number is in
   * seconds; a text is a duration such as `90m` or `365d`.
   */
  async advance(duration: number | string): Promise<void> {
    const ms = parseDuration(duration);
    if (ms === null) throw new BeatError(`"${duration}" is not a duration; write 90, "90s" or "1d"`);
    const end = this.clock.now() + ms;
    while (this.#wakeAt <= end) {
      this.clock.advance(Math.max(0, this.#wakeAt - this.clock.now()));
      await this.tick();
    }
    this.clock.advance(end - this.clock.now());
  }

  async #end(taskId: string, ending: TaskEnd & Pick<OutcomeEvent, 'state' | 'error'>): Promise<void> {
    const run = this.sent.findLast((sent) => sent.taskId === taskId);
    if (!run) throw new BeatError(`no task with the id "${taskId}" was published`);
    const { entry, dueAt, task, sentAt } = run;
    if (this.outcomes.some((each) => each.taskId === taskId && each.dueAt === dueAt))
      throw new BeatError(`the task with the id "${taskId}" has already ended`);
    const event = { entry, dueAt, taskId, task, sentAt, doneAt: this.clock.now() };
    this.#runs.end(entry, taskId);
    this.#events.emit('outcome', { ...event, runtimeMs: null, worker: null, ...ending });
    await this.tick();
  }
}

const SENDER = { origin: 'beat@test', replyTo: '00000000-0000-4000-8000-000000000000' };

const NEVER = new AbortController().signal;

/** Reads settings without the entries that beat installs by default, such as the cleanup of results. */
function readSettings(config: BeatConfig | Settings): Settings {
  const settings = toSettings(config);
  return { ...settings, entries: settings.entries.filter(({ name }) => !settings.installed.includes(name)) };
}

/** The outcomes of runs that end when the test ends them. */
function createOutcomes(): RunOutcomes & { end(entry: string, taskId: string): void } {
  let ended = new Map<string, Set<string>>();
  let changed = () => {};
  return {
    end(entry, taskId) {
      ended.set(entry, (ended.get(entry) ?? new Set()).add(taskId));
      changed();
    },
    onChange(listener) {
      changed = listener;
    },
    takeEnded() {
      const taken = ended;
      ended = new Map();
      return taken;
    },
    /** The outcome of a run is always known here. */
    check: () => true,
    reset: () => {},
    watch: () => {},
    expedite: () => {},
  };
}
