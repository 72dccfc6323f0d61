import type { Command, EntryCommand, StoredCommand } from '../../entries/commands/command.ts';
import { applyCommand } from '../../entries/commands/entry-commands.ts';
import { rejected, type Applied, type Rejected } from '../../entries/commands/outcome.ts';
import { applyStoredCommand, type Edits } from '../../entries/commands/stored-commands.ts';
import type { CommandEngine } from '../scheduling/command-engine.ts';
import { describeError } from '../../util/errors.ts';
import type { Steps } from '../../util/steps.ts';

/** What a command does, before anything of it is committed. */
export type Prepared = Applied | Edits | Rejected;

/**
 * Reads what a command acts on, and returns the steps that decide what it does at `now` (epoch milliseconds). Rejects
 * with a `StoreError` when the store cannot be read.
 */
export async function prepareCommand(
  engine: CommandEngine,
  command: Command,
  now: number,
): Promise<Steps<Prepared>> {
  if (isStoredCommand(command)) {
    const { definitions } = engine;
    if (!definitions) return reject('this store cannot hold entries');
    const names = command.do === 'add' ? Object.keys(command.definitions) : [command.entry];
    const stored = await engine.findStored(names);
    const targets = { stored, isDeclared: engine.isDeclared.bind(engine), definitions };
    return applyStoredCommand(targets, command, now);
  }
  if (!isEntryCommand(command)) return reject(`${command.do} is not supported by this release`);
  const found = await engine.find(command.entry);
  return found.kind === 'missing' ? reject(found.reason) : applyCommand(found, command, now);
}

/** A schedule of the user's may throw: its command is rejected, or it would block every later one. */
export function takeStep(steps: Steps<Prepared>): IteratorResult<undefined, Prepared> {
  try {
    return steps.next(false);
  } catch (error) {
    return { done: true, value: rejected(describeError(error)) };
  }
}

// eslint-disable-next-line require-yield -- one step
function* reject(reason: string): Steps<Prepared> {
  return rejected(reason);
}

function isStoredCommand(command: Command): command is StoredCommand {
  return ['add', 'update', 'remove'].includes(command.do);
}

function isEntryCommand(command: Command): command is EntryCommand {
  return ['pause', 'resume', 'run', 'skip', 'backfill'].includes(command.do);
}
