import { isDeepStrictEqual } from 'node:util';
import {
  checkDefinition,
  explainDefinition,
  type Definition,
  type Definitions,
  type ReadDefinition,
  type StoredTarget,
} from '../catalog/definition.ts';
import type { Entry } from '../catalog/entry.ts';
import { reconcile } from '../planning/adopt.ts';
import { firstAnchor, indexedDueAt, nextDueAt } from '../planning/next-due.ts';
import type { PlannedChange } from '../planning/planned-change.ts';
import type { EntryChange } from '../../contracts/events/beat-events.ts';
import type { Change } from '../../contracts/store/commit.ts';
import { advance, newState, type EntryState } from '../../contracts/store/entry-state.ts';
import { parseJson } from '../../util/decode/json.ts';
import { UndecodableError } from '../../util/decode/limits.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import type { Steps } from '../../util/steps.ts';
import type { CommandOf, StoredCommand } from './command.ts';
import { rejected, type Rejected } from './entry-commands.ts';

export interface StoredTargets {
  /** The stored entries that the command names, by name; the value of an unreadable entry is the reason. */
  readonly stored: ReadonlyMap<string, StoredTarget | string>;
  readonly findDeclared: (name: string) => Entry | undefined;
  readonly definitions: Definitions;
}

export interface Edits {
  readonly kind: 'edits';
  readonly edits: readonly PlannedChange[];
  readonly answer: string;
}

const MAX_REASONS = 10;

/** Applies a command that changes stored entries. Pure, as `applyCommand`; one step reads one definition. */
export function* applyStoredCommand(
  targets: StoredTargets,
  command: StoredCommand,
  now: number,
): Steps<Edits | Rejected> {
  switch (command.do) {
    case 'add':
      return yield* add(targets, command, now);
    case 'update':
      return update(targets, command, now);
    case 'remove':
      return remove(targets, command);
  }
}

/** Creates stored entries, which count from `now` (epoch ms) or their last run. An equal existing entry stays. */
function* add(targets: StoredTargets, command: CommandOf<'add'>, now: number): Steps<Edits | Rejected> {
  const edits: PlannedChange[] = [];
  const reasons: string[] = [];
  const names = Object.keys(command.definitions);
  for (const name of names) {
    yield;
    const edit = addOne(targets, name, command.definitions[name]!, now);
    if (typeof edit === 'string') reasons.push(edit);
    else if (edit) edits.push(edit);
  }
  if (reasons.length > 0) return rejected(formatReasons(reasons));
  return { kind: 'edits', edits, answer: formatAdded(names, edits.length) };
}

/** The edit that adds an entry, or why it cannot be added; `null` if it exists. */
function addOne(targets: StoredTargets, name: string, definition: Definition, now: number) {
  const quoted = JSON.stringify(name);
  if (targets.findDeclared(name)) return `entry ${quoted} is declared in the configuration`;
  const read = readDefinition(targets, name, definition);
  if (typeof read === 'string') return read;
  const existing = targets.stored.get(name);
  if (typeof existing === 'string') return existing;
  if (existing?.definition !== undefined) {
    if (isDeepStrictEqual(existing.definition, read.definition)) return null;
    return `entry ${quoted} exists with another definition; update or remove it`;
  }
  const { entry } = read;
  // An entry that a configuration declared before has a state, which is continued.
  const before = existing?.state ?? null;
  const after = before
    ? reviseState(entry, before, now).after
    : newState(entry.enabled ? entry.schedule.spec : null, firstAnchor(entry, now));
  if (entry.enabled && nextDueAt(entry, after) === Infinity) return `entry ${quoted} would never be due`;
  return planEdit(targets, { entry: name, before, after }, read, 'added');
}

function formatAdded(names: readonly string[], added: number): string {
  const existing = names.length - added;
  const also = existing === 0 ? '' : `; ${existing} existed already`;
  if (names.length > 1) return `added ${added} ${added === 1 ? 'entry' : 'entries'}${also}`;
  return added === 1 ? `added ${names[0]!}` : `${names[0]!} existed already, with this definition`;
}

/**
 * Changes the definition of a stored entry. An edited schedule counts from `now` (epoch milliseconds), as in a
 * configuration; otherwise the entry keeps its place.
 */
function update(targets: StoredTargets, command: CommandOf<'update'>, now: number): Edits | Rejected {
  const { entry: name } = command;
  const target = targets.findDeclared(name) ? rejectDeclared(name) : findStored(targets, name);
  if ('kind' in target) return target;
  if (!target.definition) return rejected(explainDefinition(name));
  const read = readDefinition(targets, name, targets.definitions.update(target.definition, command.definition));
  if (typeof read === 'string') return rejected(read);
  const { after, change } = reviseState(read.entry, target.state ?? newState(null, now), now);
  return {
    kind: 'edits',
    edits: [planEdit(targets, { entry: name, before: target.state, after }, read, change)],
    answer: `updated ${name}${change ? `; its schedule counts from now` : ''}`,
  };
}

/** The state of an entry with a new definition, from `now` (epoch milliseconds). */
function reviseState(entry: Entry, before: EntryState, now: number) {
  const { state, change } = reconcile(entry, before, now)!;
  return { after: change ? state : advance(before, {}), change };
}

/** Removes a stored entry; its state stays if a configuration declares the name. Published runs are not recalled. */
function remove(targets: StoredTargets, { entry: name }: CommandOf<'remove'>): Edits | Rejected {
  const target = findStored(targets, name);
  if ('kind' in target) return target;
  const { state: before } = target;
  const isDeclared = targets.findDeclared(name) !== undefined;
  const after = isDeclared && before ? advance(before, {}) : null;
  const edit = planEdit(targets, { entry: name, before, after }, null, isDeclared ? null : 'removed');
  return { kind: 'edits', edits: [edit], answer: `removed ${name}` };
}

/** The change that commits an edit, such as `added`, of a stored entry; `written` is `null` to remove its definition. */
function planEdit(
  { findDeclared }: StoredTargets,
  { entry, before, after }: Pick<Change, 'entry' | 'before' | 'after'>,
  written: ReadDefinition | null,
  edit: EntryChange | null,
): PlannedChange {
  const stored = {
    dueAt: written && after && indexedDueAt(written.entry, after),
    definition: written && JSON.stringify(written.definition),
  };
  return { entry: written?.entry ?? findDeclared(entry), change: { entry, before, after, messages: [], stored }, edit };
}

/** The stored entry that a command changes, or why there is none. */
function findStored({ stored, findDeclared }: StoredTargets, name: string): StoredTarget | Rejected {
  const found = stored.get(name);
  if (typeof found === 'string') return rejected(found);
  if (found?.definition !== undefined) return found;
  if (findDeclared(name)) return rejectDeclared(name);
  return rejected(`no stored entry ${JSON.stringify(name)}; beat list shows all entries`);
}

function rejectDeclared(name: string): Rejected {
  return rejected(
    `entry ${JSON.stringify(name)} is declared in the configuration: edit the file, then run beat reload`,
  );
}

function readDefinition({ definitions }: StoredTargets, name: string, definition: Definition): ReadDefinition | string {
  try {
    checkDefinition(JSON.stringify(definition));
    const read = definitions.read(name, definition);
    // Readers reject a larger text, which many updates could make.
    parseJson(JSON.stringify(read.definition));
    return read;
  } catch (error) {
    if (error instanceof UndecodableError)
      return `the definition of entry ${JSON.stringify(name)} is too large: ${error.message}`;
    if (!(error instanceof ConfigError)) return describeError(error);
    return formatReasons(error.errors.map(formatDiagnostic));
  }
}

function formatReasons(reasons: readonly string[]): string {
  const more = reasons.length > MAX_REASONS ? `; and ${reasons.length - MAX_REASONS} more` : '';
  return `${reasons.slice(0, MAX_REASONS).join('; ')}${more}`;
}
