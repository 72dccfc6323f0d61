import { readFileSync } from 'node:fs';
import { wrongUrl } from '../broker/url.ts';

type Name = 'ca' | 'cert' | 'key';

/** The files that a URL names for TLS, read. Throws a `ConfigError` for one that cannot be. */
export function certificates(
  paths: Readonly<Record<Name, string | null>>,
): Partial<Record<Name, Buffer>> {
  const named = Object.entries(paths).filter((each): each is [Name, string] => each[1] !== null);
  return Object.fromEntries(named.map(([name, path]) => [name, read(path)]));
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw wrongUrl(`${path} cannot be read: ${(cause as Error).message}`);
  }
}
