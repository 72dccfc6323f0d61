import { randomUUID } from 'node:crypto';
import { checkUpdate, CommandRejectedError, sendCommand, type SentCommand } from '../../client/send-command.ts';
import type { CommandRequest } from '../../entries/commands/command.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError, StoreError } from '../../util/errors.ts';
import { isMap } from '../../util/is-map.ts';
import type { Access, HttpContext } from '../context.ts';

type CommandBody = Readonly<Record<string, unknown>>;

/**
 * Sends a command, and waits for the answer of the leader for at most `wait` milliseconds. Throws a `ConfigError` if the
 * command is malformed; nothing is stored then. After a `StoreError` the command may be stored.
 */
export async function submit(
  context: HttpContext,
  { id: given, by: sender, ...body }: CommandBody,
  { access, wait }: { readonly access: Access; readonly wait: number },
): Promise<SentCommand> {
  await checkDefinitions(context, body);
  const id = (given ?? randomUUID()) as string;
  // A trusted proxy has authenticated its user, so the body cannot name another sender.
  const by = (access.method === 'proxy' ? access.by : (sender ?? access.by)) as string;
  const { store, clock } = context;
  try {
    // The parser of commands rejects what is not a command.
    return await sendCommand(store.commands, body as CommandRequest, { clock, wait, by, id });
  } catch (error) {
    if (error instanceof CommandRejectedError) throw new ConfigError(error.problems);
    if (!(error instanceof StoreError)) throw error;
    const { message, unreachable } = error;
    const hint = `the command may have been stored: sent again with the id "${id}" it is applied once`;
    throw new StoreError(`${message}; ${hint}`, { cause: error, unreachable });
  }
}

/** Validates new definitions as the leader will, with the path of each problem. */
async function checkDefinitions(
  { store, settings }: HttpContext,
  { do: kind, entry, definition, entries }: CommandBody,
): Promise<void> {
  const { definitions } = settings();
  const problems: Diagnostic[] = [];
  const check = async (path: Diagnostic['path'], name: string, read: () => unknown) => {
    try {
      await read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const each of error.errors) {
        const inner = each.path[0] === name ? each.path.slice(1) : each.path;
        problems.push(errorAt([...path, ...inner], each.message));
      }
    }
  };
  if (typeof entry === 'string' && isMap(definition)) {
    const path = ['definition'];
    if (kind === 'add') await check(path, entry, () => definitions.read(entry, definition));
    if (kind === 'update') await check(path, entry, () => checkUpdate(store.entries, definitions, entry, definition));
  }
  if (kind === 'add' && isMap(entries)) {
    for (const [name, each] of Object.entries(entries)) {
      if (isMap(each)) await check(['entries', name], name, () => definitions.read(name, each));
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
}
