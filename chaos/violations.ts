/**
 * Violations of beat's guarantees.
 * - `lost`: an occurrence neither published nor skipped by its policy, or logged as published and not in its queue.
 * - `doubled`: published more than once.
 * - `wrong`: published or skipped against the schedule or the policy.
 * - `commands`: a command that was not answered, or applied more than once.
 * - `overlaps`: published while an earlier run of an entry was running, or skipped although none was.
 * - `leaders`: two leaders published at the same time.
 * - `late`: published late because of a hostile input.
 * - `simulation`: what became of an occurrence or a command differs in the simulation, under the same faults.
 * - `crashes`: a process that crashed, hung or did not recover.
 */
export type Violations = Readonly<
  Record<
    'lost' | 'doubled' | 'wrong' | 'overlaps' | 'commands' | 'leaders' | 'late' | 'simulation' | 'crashes',
    string[]
  >
>;
