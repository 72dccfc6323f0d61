import type { Events } from '../../contracts/events/events.ts';
import type { CommandInbox } from '../inbox/command-inbox.ts';
import type { Liveness } from '../../observe/liveness.ts';
import type { Reloader } from '../reload/reloader.ts';
import type { Scheduler } from '../scheduling/scheduler.ts';
import { TermEnded, type Term } from '../scheduling/term.ts';
import type { TermService } from '../../contracts/store/store.ts';
import type { Clock } from '../../util/clock.ts';
import { sleepUntil } from '../../util/wait.ts';
import { StoreError } from '../../util/errors.ts';

/** What leads a term. */
export interface Leader {
  readonly scheduler: Scheduler;
  /** Absent if the store has no commands. */
  readonly commands: CommandInbox | undefined;
  readonly reloader: Reloader;
  /** They start when the states are loaded, and end with the term. */
  readonly services: readonly TermService[];
  readonly liveness: Liveness;
  readonly clock: Clock;
  readonly events: Events;
}

/** The loop of ticks and sleeps: runs until the term ends, which may throw, or `stop` aborts. */
export async function leadTerm(leader: Leader, term: Term, stop: AbortSignal): Promise<void> {
  const { scheduler, commands, reloader, liveness, clock, events } = leader;
  const awake = AbortSignal.any([term.signal, stop]);
  try {
    let wakeAt = await begin(leader, term, stop, awake);
    events.reportRecovery({ kind: 'lead' });
    for (;;) {
      const arrived = scheduler.arrival(commands?.arrival(awake) ?? awake);
      const arrival = reloader.arrival(arrived);
      await sleepUntil(clock, wakeAt, arrival, () => {
        liveness.touch();
      });
      if (awake.aborted) return;
      wakeAt = await scheduler.tick(term, stop);
      if (await reloader.apply(scheduler, term, stop)) wakeAt = scheduler.wakeAt;
      if (await commands?.process(term, stop)) wakeAt = scheduler.wakeAt;
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
async function begin(
  { scheduler, commands, reloader, services }: Leader,
  term: Term,
  stop: AbortSignal,
  awake: AbortSignal,
): Promise<number> {
  await reloader.refresh();
  if (awake.aborted) return Infinity;
  reloader.beginScheduling();
  try {
    await scheduler.begin(term, stop);
    for (const service of services) void service.run(term.token, awake);
    await commands?.begin(term, stop);
    return await scheduler.tick(term, stop);
  } catch (error) {
    if (!(error instanceof TermEnded)) throw error;
    throw new StoreError(`the term cannot begin: ${error.message}`, { cause: error });
  }
}
