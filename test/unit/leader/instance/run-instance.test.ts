import { expect, test } from 'vitest';
import { Events } from '../../../../src/contracts/events/events.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { leadTerm, type Leader } from '../../../../src/leader/instance/run-instance.ts';
import { TermEnded } from '../../../../src/leader/scheduling/term.ts';
import { Wakeup } from '../../../../src/util/wakeup.ts';

test('a term whose lock can no longer be trusted ends at the next wake-up, also if work that waits wakes the leader at once', async () => {
  const wakeup = new Wakeup();
  const { signal } = new AbortController();
  const term = { token: 1, stop: signal, signal, trusted: true };
  let passes = 0;
  const leader = {
    scheduler: {
      begin: async () => {},
      tick: async () => Infinity,
      wakeAt: Infinity,
      recent: { checkAt: Infinity },
      preparation: { prepareAt: Infinity },
    },
    commands: {
      begin: async () => wakeup.wake(),
      // A log that is not read because the lock is not trusted has commands still.
      process: async () => {
        wakeup.wake();
        term.trusted = false;
        // Without its end the loop would never let a timer of the test fire.
        if ((passes += 1) > 100) throw new Error('the loop does not end');
        return true;
      },
    },
    reloader: { refresh: async () => {}, apply: async () => false, beginScheduling: () => {}, endScheduling: () => {} },
    wakeup,
    services: [],
    liveness: { touch: () => {}, blockedEntries: [] },
    clock: new ManualClock('2027-01-31T08:00:00Z'),
    events: new Events(),
  } as unknown as Leader;
  await expect(leadTerm(leader, term)).rejects.toThrow(TermEnded);
  expect(passes).toBe(1);
});
