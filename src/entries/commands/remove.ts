import { newState } from '../../contracts/store/entry-state.ts';
import type { RemoveCommand } from './command.ts';
import type { EditOutcome, StoredTargets } from './edit.ts';
import { findStored } from './find-stored.ts';

/** Removes a stored entry with its state. Runs that were published are not recalled. */
export function remove(targets: StoredTargets, { entry: name }: RemoveCommand): EditOutcome {
  const target = findStored(targets, name);
  if (target.kind === 'rejected') return target;
  const { state: before } = target;
  const after = before ?? newState(null, 0);
  const edit = { name, change: 'removed', before, after, written: null } as const;
  return { kind: 'edits', edits: [edit], answer: `removed ${name}` };
}
