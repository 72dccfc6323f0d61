import { isDeepStrictEqual } from 'node:util';
import type { Definition } from '../catalog/definition.ts';
import { firstAnchor, nextDueAt } from '../planning/plan.ts';
import type { StoredTarget } from '../planning/stored-edit.ts';
import { newState } from '../../contracts/store/entry-state.ts';
import type { AddCommand } from './command.ts';
import { formatReasons, readDefinition, type EditOutcome, type StoredTargets } from './edit.ts';
import { rejected } from './outcome.ts';
import type { Steps } from '../../util/steps.ts';

/**
 * Creates stored entries, which count from `now` (epoch milliseconds), or from their last run elsewhere. One that
 * exists with the same definition stays as it is, so that a command may be sent again.
 */
export function* add(targets: StoredTargets, command: AddCommand, now: number): Steps<EditOutcome> {
  const edits = [];
  const reasons: string[] = [];
  const names = Object.keys(command.definitions);
  for (const name of names) {
    yield;
    const quoted = JSON.stringify(name);
    if (targets.isDeclared(name)) {
      reasons.push(`entry ${quoted} is declared in the configuration`);
      continue;
    }
    const read = readDefinition(targets, name, command.definitions[name]!);
    if (typeof read === 'string') {
      reasons.push(read);
      continue;
    }
    const existing = targets.stored.get(name);
    if (existing) {
      if (isSame(existing, read.definition)) continue;
      reasons.push(`entry ${quoted} exists with another definition; update or remove it`);
      continue;
    }
    const { entry } = read;
    const after = newState(entry.enabled ? entry.schedule.spec : null, firstAnchor(entry, now));
    if (entry.enabled && nextDueAt(entry, after) === Infinity) {
      reasons.push(`entry ${quoted} would never be due`);
      continue;
    }
    edits.push({ name, change: 'added', before: null, after, written: read } as const);
  }
  if (reasons.length > 0) return rejected(formatReasons(reasons));
  return { kind: 'edits', edits, answer: describe(names, edits.length) };
}

function isSame(existing: StoredTarget | string, definition: Definition): boolean {
  return typeof existing !== 'string' && isDeepStrictEqual(existing.definition, definition);
}

function describe(names: readonly string[], added: number): string {
  const existing = names.length - added;
  const also = existing === 0 ? '' : `; ${existing} existed already`;
  if (names.length > 1) return `added ${added} ${added === 1 ? 'entry' : 'entries'}${also}`;
  return added === 1 ? `added ${names[0]!}` : `${names[0]!} existed already, with this definition`;
}
