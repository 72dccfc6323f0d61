import type { RunCommand } from './command.ts';
import type { Outcome, Target } from './outcome.ts';

/** Publishes one run at `now` (epoch milliseconds). The schedule goes on as if it had not been asked for. */
export function run({ entry }: Target, _command: RunCommand, now: number): Outcome {
  return {
    kind: 'applied',
    changes: {},
    runs: { cause: 'manual', dueAt: [now] },
    skipped: [],
    answer: `published a run of ${entry.name}`,
  };
}
