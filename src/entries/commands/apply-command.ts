import { add } from './add.ts';
import { backfill } from './backfill.ts';
import type { EntryCommand, StoredCommand } from './command.ts';
import type { EditOutcome, StoredTargets } from './edit.ts';
import type { Outcome, Target } from './outcome.ts';
import { pause, resume } from './pause.ts';
import { remove } from './remove.ts';
import { run } from './run.ts';
import { skip } from './skip.ts';
import { update } from './update.ts';
import type { Steps } from '../../util/steps.ts';

/** Applies a command to an entry at `now` (epoch milliseconds). Pure: the caller commits the outcome. */
export function* applyCommand(target: Target, command: EntryCommand, now: number): Steps<Outcome> {
  switch (command.do) {
    case 'pause':
      return pause(target, command, now);
    case 'resume':
      return yield* resume(target, command, now);
    case 'run':
      return run(target, command, now);
    case 'skip':
      return skip(target, command, now);
    case 'backfill':
      return yield* backfill(target, command, now);
  }
}

/** Applies a command that changes stored entries. Pure, as `applyCommand`; one step reads one definition. */
export function* applyStoredCommand(
  targets: StoredTargets,
  command: StoredCommand,
  now: number,
): Steps<EditOutcome> {
  switch (command.do) {
    case 'add':
      return yield* add(targets, command, now);
    case 'update':
      return update(targets, command, now);
    case 'remove':
      return remove(targets, command);
  }
}
