import { readFileSync } from 'node:fs';
import { troubleWithTls } from '../../broker/tls-files.ts';
import { wrongUrl } from '../../broker/url.ts';

type Name = 'ca' | 'cert' | 'key';

/** The files that a URL names for TLS, read. Throws a `ConfigError` for such as no connection can be made with. */
export function certificates(
  paths: Readonly<Record<Name, string | null>>,
  passphrase?: string | null,
): Partial<Record<Name, Buffer>> {
  const named = Object.entries(paths).filter((each): each is [Name, string] => each[1] !== null);
  const files: Partial<Record<Name, Buffer>> = Object.fromEntries(
    named.map(([name, path]) => [name, read(path)]),
  );
  const given = { ...files, passphrase: passphrase ?? undefined };
  const trouble = troubleWithTls(given, (name) => paths[name] ?? name);
  if (trouble !== null) throw wrongUrl(trouble);
  return files;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw wrongUrl(`${path} cannot be read: ${(cause as Error).message}`);
  }
}
