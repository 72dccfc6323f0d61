import { backfill } from './backfill.ts';
import type { EntryCommand } from './command.ts';
import type { Outcome, Target } from './outcome.ts';
import { pause, resume } from './pause.ts';
import { run } from './run.ts';
import { skip } from './skip.ts';

/** Applies a command to an entry at `now` (epoch milliseconds). Pure: the caller commits the outcome. */
export function applyCommand(target: Target, command: EntryCommand, now: number): Outcome {
  switch (command.do) {
    case 'pause':
      return pause(target, command, now);
    case 'resume':
      return resume(target, command, now);
    case 'run':
      return run(target, command, now);
    case 'skip':
      return skip(target, command);
    case 'backfill':
      return backfill(target, command, now);
  }
}
