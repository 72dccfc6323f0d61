import { reconcile } from '../planning/plan.ts';
import { explainDefinition } from '../planning/read-stored-entry.ts';
import { advance, newState } from '../../contracts/store/entry-state.ts';
import type { UpdateCommand } from './command.ts';
import { readDefinition, type EditOutcome, type StoredTargets } from './edit.ts';
import { findStored } from './find-stored.ts';
import { rejected } from './outcome.ts';

/**
 * Changes the definition of a stored entry. An edited schedule counts from `now` (epoch milliseconds), as in a
 * configuration; otherwise the entry keeps its place.
 */
export function update(targets: StoredTargets, command: UpdateCommand, now: number): EditOutcome {
  const { entry: name } = command;
  const target = findStored(targets, name);
  if (target.kind === 'rejected') return target;
  if (!target.definition) return rejected(explainDefinition(name));
  const definition = targets.definitions.update(target.definition, command.definition);
  const read = readDefinition(targets, name, definition);
  if (typeof read === 'string') return rejected(read);
  const before = target.state ?? newState(null, now);
  const reconciled = reconcile(read.entry, before, now);
  const change = reconciled?.change ?? null;
  const after = change ? reconciled!.state : advance(before, {});
  return {
    kind: 'edits',
    edits: [{ name, change, before: target.state, after, written: read }],
    answer: `updated ${name}${change ? `; its schedule counts from now` : ''}`,
  };
}
