import { ConfigError } from '../../util/errors.ts';
import type { ExitCode } from '../exit.ts';
import { readDefinitionFlags, type DefinitionFlags } from './definition-flags.ts';
import { send } from './send.ts';

/** `beat update NAME`: replaces fields of a stored entry's definition. */
export async function update(entry: string, flags: DefinitionFlags): Promise<ExitCode> {
  const definition = readDefinitionFlags(flags);
  if (Object.keys(definition).length === 0) {
    throw new ConfigError('beat update: name at least one field, such as --schedule 5m');
  }
  return send({ do: 'update', entry, definition }, flags);
}
