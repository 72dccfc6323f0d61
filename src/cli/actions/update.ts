import { checkUpdate } from '../../client/send-command.ts';
import { ConfigError } from '../../util/errors.ts';
import type { ExitCode } from '../exit.ts';
import { readDefinitionFlags, type DefinitionFlags } from '../flags/definition-flags.ts';
import { openSender } from './send.ts';

/** `beat update NAME`: replaces fields of a stored entry's definition. */
export async function update(entry: string, flags: DefinitionFlags): Promise<ExitCode> {
  const definition = readDefinitionFlags(flags);
  if (Object.keys(definition).length === 0) {
    throw new ConfigError('beat update: name at least one field, such as --schedule 5m');
  }
  const sender = await openSender(flags);
  try {
    const { store, settings } = sender;
    await checkUpdate(store.entries, settings.definitions, entry, definition);
    return await sender.send({ do: 'update', entry, definition });
  } finally {
    await sender.close();
  }
}
