import { randomUUID } from 'node:crypto';
import type { AuditRow } from '../../entries/commands/shapes.ts';
import { sendCommand } from '../../client/send-command.ts';
import type { Settings } from '../../config/settings.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { parseDefinition } from '../../entries/planning/read-stored-entry.ts';
import type { StateStore } from '../../contracts/store/store.ts';
import { ConfigError, StoreError } from '../../util/errors.ts';
import type { Access } from '../access/session.ts';
import type { HttpContext } from '../context.ts';

export type CommandBody = Readonly<Record<string, unknown>>;

export interface SentCommand {
  readonly id: string;
  /** The answer of the leader; `null` if there is none yet. */
  readonly row: AuditRow | null;
}

/**
 * Sends a command, and waits for the answer of the leader for at most `wait` milliseconds. Throws a `ConfigError` or a
 * `CommandRejectedError` if the command is malformed; nothing is stored then. After a `StoreError` the command may be stored.
 */
export async function submit(
  { store, settings, clock }: HttpContext,
  body: CommandBody,
  { access, wait }: { readonly access: Access; readonly wait: number },
): Promise<SentCommand> {
  await checkDefinitions(body, store, settings());
  const id = (body['id'] ?? randomUUID()) as string;
  // Users of a proxy have names that can be trusted.
  const by = access.method === 'proxy' ? access.by : (body['by'] ?? access.by);
  const whole = { at: new Date(clock.now()).toISOString(), ...body, id, by };
  try {
    return { id, row: await sendCommand(store.commands, whole, { clock, wait }) };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { message, unreachable } = error;
    const hint = `the command may have been stored: sent again with the id "${id}" it is applied once`;
    throw new StoreError(`${message}; ${hint}`, { cause: error, unreachable });
  }
}

/** Validates new definitions as the leader will, with the path of each problem. */
async function checkDefinitions(
  body: CommandBody,
  { entries: stored }: StateStore,
  { definitions }: Settings,
): Promise<void> {
  const problems: Diagnostic[] = [];
  const check = (path: Diagnostic['path'], name: unknown, definition: unknown) => {
    if (typeof name !== 'string' || !isObject(definition)) return;
    try {
      definitions.read(name, definition);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const each of error.errors)
        problems.push(errorAt([...path, ...pathWithin(each, name)], each.message));
    }
  };
  const { do: kind, entry, definition, entries } = body;
  if (kind === 'add') check(['definition'], entry, definition);
  if (kind === 'add' && isObject(entries)) {
    for (const [name, each] of Object.entries(entries)) check(['entries', name], name, each);
  }
  if (kind === 'update' && typeof entry === 'string' && isObject(definition)) {
    const [row] = await stored.find([entry]);
    const before = row && parseDefinition(row.definition);
    if (before) check(['definition'], entry, definitions.update(before, definition));
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The path of a problem from the definition on. */
function pathWithin({ path }: Diagnostic, name: string): Diagnostic['path'] {
  return path[0] === name ? path.slice(1) : path;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
