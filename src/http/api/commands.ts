import { randomUUID } from 'node:crypto';
import type { AuditRow } from '../../commands/audit.ts';
import { sendCommand } from '../../inbox/send-command.ts';
import type { Settings } from '../../config/settings.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import type { Access } from '../access/permission.ts';
import type { HttpContext } from '../context.ts';

export type CommandBody = Readonly<Record<string, unknown>>;

export interface SentCommand {
  readonly id: string;
  /** The answer of the leader; `null` if there is none yet. */
  readonly row: AuditRow | null;
}

/**
 * Sends a command, and waits for the answer of the leader for at most `wait` milliseconds. Throws a `ConfigError` or a
 * `CommandRejectedError` for one that is malformed; nothing is stored then.
 */
export async function submit(
  { store, settings, clock }: HttpContext,
  body: CommandBody,
  { access, wait }: { readonly access: Access; readonly wait: number },
): Promise<SentCommand> {
  checkDefinitions(body, settings());
  const id = typeof body['id'] === 'string' ? body['id'] : randomUUID();
  // Users of a proxy have names that can be trusted.
  const by = access.method === 'proxy' ? access.by : (body['by'] ?? access.by);
  const whole = { at: new Date(clock.now()).toISOString(), ...body, id, by };
  return { id, row: await sendCommand(store.commands, whole, { clock, wait }) };
}

/** Validates new definitions as the leader will, with the path of each problem. */
function checkDefinitions(body: CommandBody, { definitions }: Settings): void {
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
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The path of a problem from the definition on. */
function pathWithin({ path }: Diagnostic, name: string): Diagnostic['path'] {
  return path[0] === name ? path.slice(1) : path;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
