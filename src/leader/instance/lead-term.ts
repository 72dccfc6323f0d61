import type { CommandInbox } from '../inbox/command-inbox.ts';
import type { Reloader } from '../reload/reloader.ts';
import type { Scheduler } from '../scheduling/scheduler.ts';
import { requireTrust, TermEnded, type Term } from '../scheduling/term.ts';
import type { TermService } from '../../contracts/store/store.ts';
import { sleepUntil } from '../../util/wait.ts';
import { StoreError } from '../../util/errors.ts';
import type { InstanceParts } from './instance.ts';

export interface Leader extends InstanceParts {
  readonly reloader: Reloader;
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
  try {
    let wakeAt = await begin(leader, term);
    events.reportRecovery({ kind: 'lead' });
    for (;;) {
      await sleepUntil(clock, wakeAt, wakeup.signal(term.signal), () => {
        liveness.touch();
      });
      if (term.signal.aborted) return;
      // No work is done without trust: what woke the loop would wake it again at once, and no timer could end the term.
      requireTrust(term);
      wakeup.reset();
      wakeAt = await scheduler.tick(term);
      if (await reloader.apply(scheduler, term)) wakeAt = scheduler.wakeAt;
      if (await commands?.process(term)) wakeAt = scheduler.wakeAt;
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
