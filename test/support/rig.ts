import { DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import { Catalog } from '../../src/entries/catalog/catalog.ts';
import type { Entry } from '../../src/entries/catalog/entry.ts';
import type { BeatEvents } from '../../src/contracts/events/beat-events.ts';
import { Events } from '../../src/contracts/events/events.ts';
import type { Term } from '../../src/leader/scheduling/term.ts';
import type { Ledger } from '../../src/contracts/store/ledger.ts';
import { ManualClock } from '../../src/drivers/memory/clock.ts';
import { openMemoryStore, type MemoryStore } from '../../src/drivers/memory/store.ts';
import { DEFAULT_ENCODING } from '../../src/celery/message/payload.ts';
import type { ResultBackend, ResultReader } from '../../src/contracts/store/results.ts';
import type { EventStream } from '../../src/contracts/broker/event-stream.ts';
import { TaskEvents } from '../../src/leader/outcomes/task-events.ts';
import { OutcomeFollower } from '../../src/leader/outcomes/outcome-follower.ts';
import { Queues } from '../../src/celery/routing/queues.ts';
import { Router } from '../../src/celery/routing/router.ts';
import { decodeAnswer } from '../../src/entries/commands/audit.ts';
import type { AuditRow } from '../../src/entries/commands/shapes.ts';
import { CommandInbox } from '../../src/leader/inbox/command-inbox.ts';
import { Wakeup } from '../../src/util/wakeup.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import type { StoredEntries } from '../../src/contracts/store/stored-entries.ts';
import type { MessageContext } from '../../src/entries/compose/message-context.ts';
import type { RunPreparation } from '../../src/leader/scheduling/run-preparation.ts';
import { Scheduler } from '../../src/leader/scheduling/scheduler.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';
import { runAtOnce } from '../../src/util/steps.ts';

const DEFINITIONS = resolveSettings({}).definitions;
/** With a result backend, entries may limit overlap. */
const DEFINITIONS_WITH_RESULTS = resolveSettings({ resultBackend: 'redis://127.0.0.1' }).definitions;
const NEVER = new AbortController().signal;
/** The instant at which a rig's clock starts by default. */
const NOON = '2027-03-01T12:00:00.000Z';

/** A scheduler with an in-memory store and a clock that only the test moves. */
export interface Rig {
  readonly clock: ManualClock;
  readonly store: MemoryStore;
  readonly events: Events;
  readonly emitted: { [K in keyof BeatEvents]?: BeatEvents[K][0][] };
  readonly sent: () => string[];
  /** Starts a scheduler in a new term, as after a restart. */
  readonly begin: (entries: readonly Entry[]) => Promise<{
    /** Ticks until nothing more is due, and resolves with when to tick again. Epoch milliseconds. */
    tick: () => Promise<number>;
    /** Prepares runs, as the leader does before they are due; only with `preparationMemory`. */
    preparation: RunPreparation;
    /** Replaces all entries, and the values that messages share. */
    reload: (entries: readonly Entry[], messageContext?: MessageContext) => Promise<void>;
    /** Sends a command, applies it, and returns its answer. */
    command: (command: Readonly<Record<string, unknown>>) => Promise<AuditRow>;
    /** Applies commands until `isOver`, and returns whether some are left. */
    runCommands: (isOver: () => boolean) => Promise<boolean>;
    term: Term;
    /** Ends what runs beside the scheduler. */
    end: () => void;
  }>;
}

export function makeRig({
  wrapLedger = (ledger: Ledger) => ledger,
  /** Stored entries are loaded only with it. */
  wrapStored = undefined as ((entries: StoredEntries) => StoredEntries) | undefined,
  now = NOON,
  results = null as ResultBackend | null,
  /** Outcomes are followed only with it or with task events. */
  reader = null as ResultReader | null,
  /** The task events of workers. */
  stream = null as EventStream | null,
  /** The store retains it; `false` for none. */
  history = true,
  /** Bytes; without it no runs are prepared. */
  preparationMemory = undefined as number | undefined,
  cancelTasks = undefined as ((taskIds: readonly string[]) => Promise<void>) | undefined,
} = {}): Rig {
  const clock = new ManualClock(now);
  const store = openMemoryStore({
    server: parseEndpoint('memory://'),
    locks: [],
    keyPrefix: 'beat',
    lockTtl: 8_000,
    transport: DEFAULT_TRANSPORT,
    queues: new Queues(),
    clock,
  });
  const events = new Events();
  const emitted: Rig['emitted'] = {};
  events.on('sent', (event) => (emitted.sent ??= []).push(event));
  events.on('skipped', (event) => (emitted.skipped ??= []).push(event));
  events.on('never-due', (event) => (emitted['never-due'] ??= []).push(event));
  events.on('entry-changed', (event) => (emitted['entry-changed'] ??= []).push(event));
  events.on('scheduling', (event) => (emitted.scheduling ??= []).push(event));
  events.on('failure', (event) => (emitted.failure ??= []).push(event));
  events.on('outcome', (event) => (emitted.outcome ??= []).push(event));
  events.on('warning', (event) => (emitted.warning ??= []).push(event));
  events.on('recovered', (event) => (emitted.recovered ??= []).push(event));
  const ledger = wrapLedger(store.ledger);
  return {
    clock,
    store,
    events,
    emitted,
    sent: () => store.broker.messages.map((m) => `${String(m.headers['task'])} ${String(m.headers['beat_due_at'])}`),
    begin: async (entries) => {
      const catalog = new Catalog(entries);
      let messageContext: MessageContext = {
        timezone: 'UTC',
        router: new Router(new Queues()),
        encoding: DEFAULT_ENCODING,
        protocol: 2,
        keyPrefix: 'beat',
        origin: 'test',
        replyTo: '',
      };
      const outcomes =
        reader || stream
          ? new OutcomeFollower({
              reader,
              clock,
              events,
              taskEvents: stream && new TaskEvents({ stream, clock, random: () => 0.5, events }),
              ...(history && { history: store.history }),
            })
          : undefined;
      const scheduler = new Scheduler({
        results: () => results,
        catalog,
        ledger,
        clock,
        events,
        messageContext: () => messageContext,
        progressed: () => {},
        ...(preparationMemory !== undefined && { preparationMemory: () => preparationMemory }),
        ...(outcomes && reader && { outcomes: outcomes.watched }),
        ...(cancelTasks && { cancelTasks }),
        ...(wrapStored && {
          stored: {
            entries: wrapStored(store.entries),
            definitions: () => (reader ? DEFINITIONS_WITH_RESULTS : DEFINITIONS),
          },
        }),
      });
      const inbox = new CommandInbox({
        wakeup: new Wakeup(),
        log: store.commands,
        engine: scheduler.commands,
        events,
        clock,
        reload: () => Promise.reject(new Error('no files')),
      });
      let lastId = 0;
      const ending = new AbortController();
      const term = { token: await ledger.beginTerm(), stop: NEVER, signal: NEVER, trusted: true };
      await scheduler.begin(term);
      void outcomes?.run(ending.signal, (instant) => scheduler.publishedSince(instant));
      return {
        tick: async () => {
          for (;;) {
            const wakeAt = await scheduler.tick(term);
            if (wakeAt > clock.now()) return wakeAt;
          }
        },
        preparation: scheduler.preparation,
        reload: (now: readonly Entry[], context = messageContext) => {
          messageContext = context;
          const replacement = runAtOnce(catalog.compare(now));
          catalog.replace(replacement);
          return scheduler.reload(replacement.difference, term);
        },
        command: async (command) => {
          const id = `command ${(lastId += 1)} of term ${term.token}`;
          await store.commands.append(JSON.stringify({ id, ...command }));
          await inbox.run(term);
          return decodeAnswer({ id, json: (await store.commands.findAudit([id])).get(id)! })!;
        },
        runCommands: async (isOver) => {
          await inbox.run(term, isOver);
          return inbox.isBehind;
        },
        term,
        end: () => ending.abort(),
      };
    },
  };
}
