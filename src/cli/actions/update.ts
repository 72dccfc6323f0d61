import type { Definition } from '../../entries/catalog/definition.ts';
import { readStoredTarget } from '../../entries/planning/read-stored-entry.ts';
import { ConfigError } from '../../util/errors.ts';
import type { ExitCode } from '../exit.ts';
import { readDefinitionFlags, type DefinitionFlags } from '../flags/definition-flags.ts';
import { openSender, type Sender } from './send.ts';

/** `beat update NAME`: replaces fields of a stored entry's definition. */
export async function update(entry: string, flags: DefinitionFlags): Promise<ExitCode> {
  const definition = readDefinitionFlags(flags);
  if (Object.keys(definition).length === 0) {
    throw new ConfigError('beat update: name at least one field, such as --schedule 5m');
  }
  const sender = await openSender(flags);
  try {
    await checkUpdate(sender, entry, definition);
    return await sender.send({ do: 'update', entry, definition });
  } finally {
    await sender.close();
  }
}

/**
 * Validates the updated definition as the leader will, and throws a `ConfigError` with every problem. The leader rejects
 * an entry that does not exist, or cannot be read.
 */
async function checkUpdate(
  { store, settings }: Sender,
  entry: string,
  fields: Definition,
): Promise<void> {
  const { definitions } = settings;
  const [row] = await store.entries.find([entry]);
  if (!row) return;
  const { definition: before } = readStoredTarget({ ...row, state: null });
  if (!before) return;
  definitions.read(entry, definitions.update(before, fields));
}
