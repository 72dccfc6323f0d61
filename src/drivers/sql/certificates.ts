import { readFileSync } from 'node:fs';
import { findTlsError } from '../connection/tls.ts';
import { urlError } from '../connection/url.ts';

type Name = 'ca' | 'cert' | 'key';

/** Reads the TLS files that a URL names. Throws a `ConfigError` when no connection can be made with them. */
export function readCertificates(
  paths: Readonly<Record<Name, string | null>>,
  passphrase?: string | null,
): Partial<Record<Name, Buffer>> {
  const named = Object.entries(paths).filter((each): each is [Name, string] => each[1] !== null);
  const files: Partial<Record<Name, Buffer>> = Object.fromEntries(
    named.map(([name, path]) => [name, read(path)]),
  );
  const options = { ...files, passphrase: passphrase ?? undefined };
  const problem = findTlsError(options, (name) => paths[name] ?? name);
  if (problem !== null) throw urlError(problem);
  return files;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw urlError(`${path} cannot be read: ${(cause as Error).message}`);
  }
}
