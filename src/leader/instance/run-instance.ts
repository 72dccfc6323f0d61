import { CommandInbox } from '../inbox/command-inbox.ts';
import { buildRevoke } from '../../celery/message/task-sent.ts';
import { monitorHealth } from './health-monitor.ts';
import { watchOtherSchedulers } from './other-schedulers.ts';
import { announcePresence } from './presence.ts';
import { publishTaskEvents } from '../../observe/task-sent-events.ts';
import { OutcomeFollower } from '../outcomes/outcome-follower.ts';
import { TaskEvents } from '../outcomes/task-events.ts';
import { recordWithdrawn } from '../outcomes/pending-rows.ts';
import type { Reloader } from '../reload/reloader.ts';
import { Leadership } from '../scheduling/leadership.ts';
import { Scheduler } from '../scheduling/scheduler.ts';
import { requireTrust, TermEnded, type Term } from '../scheduling/term.ts';
import type { FindSchedulers, TermService } from '../../contracts/store/store.ts';
import { StoreError } from '../../util/errors.ts';
import { withGracePeriod } from '../../util/grace-period.ts';
import { sleepUntil } from '../../util/wait.ts';
import type { OpenConnections } from './connections.ts';
import type { InstanceParts } from './instance.ts';

export interface Instance extends InstanceParts {
  readonly connections: OpenConnections;
  readonly reloader: Reloader;
  /** Finds other schedulers beside the store; absent for none. */
  readonly findSchedulers?: FindSchedulers | undefined;
}

/** Follows and leads in turn until `stop` aborts, then closes the connections. Never rejects. */
export async function runInstance(instance: Instance, stop: AbortSignal): Promise<void> {
  const { live, connections, liveness, clock, events } = instance;
  const { store } = connections;
  const outcomes = createFollower(instance);
  const scheduler = createScheduler(instance, outcomes);
  const commands = createInbox(instance, scheduler);
  const services = listServices(instance, scheduler, outcomes);
  const leadership = new Leadership({
    ...instance,
    lock: store.lock,
    ledger: store.ledger,
    ttl: live.settings.lock.ttl,
    onProgress: () => liveness.touch(),
  });
  const endings = observe(instance, stop);
  const leader = { ...instance, scheduler, commands, services };
  await leadership.run((term) => leadTerm(leader, term), stop);
  // An unreachable broker or store does not delay the stop.
  for (const end of endings) await withGracePeriod(clock, stop, end()).catch(() => {});
  await connections.close();
  events.emit('stopped');
}

/** An instance with what it needs to lead. */
export interface Leader extends Instance {
  readonly scheduler: Scheduler;
  /** Absent if the store has no commands. */
  readonly commands: CommandInbox | undefined;
  /** Services that start when the states are loaded, and end with the term. */
  readonly services: readonly TermService[];
}

/**
 * The loop of ticks and sleeps: runs until the term ends or the instance is to stop. The end of a term may be an
 * exception, such as `TermEnded` when the lock can no longer be trusted.
 */
export async function leadTerm(leader: Leader, term: Term): Promise<void> {
  const { scheduler, commands, reloader, wakeup, liveness, clock, events } = leader;
  const { recent, preparation } = scheduler;
  try {
    let wakeAt = await begin(leader, term);
    events.reportRecovery({ kind: 'lead' });
    for (;;) {
      const dueAt = wakeAt;
      const workAt = () => Math.min(dueAt, recent.checkAt);
      const signal = wakeup.signal(term.signal);
      const nextAt = () => Math.min(workAt(), preparation.prepareAt);
      await sleepUntil(clock, nextAt, signal, () => liveness.touch());
      if (term.signal.aborted) return;
      if (!signal.aborted && clock.now() < workAt()) {
        await preparation.prepare(workAt(), signal);
        continue;
      }
      // No work is done without trust: what woke the loop would wake it again at once, and no timer could end the term.
      requireTrust(term);
      wakeup.reset();
      wakeAt = await scheduler.tick(term);
      if (await reloader.apply(scheduler, term)) wakeAt = scheduler.wakeAt;
      if (await commands?.process(term)) wakeAt = scheduler.wakeAt;
      if (recent.checkAt <= clock.now()) await recent.check();
    }
  } finally {
    reloader.endScheduling();
    // The next leader reads the states again.
    liveness.blockedEntries = [];
  }
}

/**
 * Loads states and runs the first tick of a term. Any error until then is a failure of the term: later terms could
 * fail in the same way without publishing anything. Commands that were sent while no instance led take effect
 * before missed runs are caught up, so that a pause prevents them.
 */
async function begin({ scheduler, commands, reloader, services }: Leader, term: Term): Promise<number> {
  await reloader.refresh();
  if (term.signal.aborted) return Infinity;
  reloader.beginScheduling();
  try {
    await scheduler.begin(term);
    for (const service of services) void service.run(term.token, term.signal);
    await commands?.begin(term);
    return await scheduler.tick(term);
  } catch (error) {
    if (!(error instanceof TermEnded)) throw error;
    throw new StoreError(`the term cannot begin: ${error.message}`, { cause: error });
  }
}

function createFollower({ connections, clock, random, events }: Instance): OutcomeFollower | undefined {
  const { reader, eventStream: stream, store } = connections;
  if (!reader && !stream) return undefined;
  const taskEvents = stream && new TaskEvents({ stream, clock, random, events });
  return new OutcomeFollower({ reader, taskEvents, history: store.history, clock, events });
}

function createScheduler(
  { live, connections, wakeup, liveness, clock, events }: Instance,
  outcomes: OutcomeFollower | undefined,
): Scheduler {
  const { store, results } = connections;
  const { ledger, entries, broker } = store;
  return new Scheduler({
    catalog: live.catalog,
    ledger,
    clock,
    events,
    results,
    messageContext: () => live.messageContext,
    preparationMemory: () => live.settings.preparationMemory,
    stored: entries && { entries, definitions: () => live.settings.definitions },
    // Task events alone do not end a run of an entry that limits overlap.
    ...(outcomes && connections.reader && { outcomes: outcomes.watched }),
    progressed: () => liveness.touch(),
    wake: () => wakeup.wake(),
    blocked: (names) => (liveness.blockedEntries = names),
    cancelTasks: (taskIds) => {
      const revoke = buildRevoke(taskIds, live.settings.remoteControl.namespace);
      return broker.announce([revoke], { declaredBySubscribers: true });
    },
  });
}

function createInbox({ connections, reloader, wakeup, clock, events }: Instance, scheduler: Scheduler) {
  const log = connections.store.commands;
  if (!log) return undefined;
  const reload = () => reloader.reload();
  return new CommandInbox({ log, engine: scheduler.commands, reload, wakeup, events, clock });
}

function listServices(
  { connections: { store }, clock, events, findSchedulers }: Instance,
  scheduler: Scheduler,
  outcomes: OutcomeFollower | undefined,
): readonly TermService[] {
  const monitor = monitorHealth(store.checkHealth, clock, events);
  const find = [store.findSchedulers, findSchedulers].filter((each) => each !== undefined);
  const watchOthers = watchOtherSchedulers(find, clock, events);
  const services: readonly (TermService | undefined)[] = [
    { run: (_, signal) => monitor(signal) },
    { run: (_, signal) => watchOthers(signal) },
    store.relay,
    outcomes && { run: (_, signal) => outcomes.run(signal, (instant) => scheduler.publishedSince(instant)) },
  ];
  return services.filter((service) => service !== undefined);
}

/** Attaches the observers of this instance. Returns the functions that must end before the connections close. */
function observe(
  { live, connections: { store }, clock, events }: Instance,
  stop: AbortSignal,
): readonly (() => Promise<void>)[] {
  const { origin, replyTo } = live.messageContext;
  const taskEvents = publishTaskEvents(events, store.broker, {
    settings: () => live.settings.taskEvents,
    origin,
    clock,
  });
  const withdrawn = store.history && recordWithdrawn(events, store.history, clock);
  const announcing = store.instances && announcePresence({ id: replyTo, origin }, store.instances, events, clock, stop);
  return [() => taskEvents.flush(), async () => withdrawn?.flush(), async () => announcing];
}
