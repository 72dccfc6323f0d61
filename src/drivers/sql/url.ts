import { findTlsError, readTlsFile, type TlsFile } from '../connection/tls.ts';
import { decodePart, urlError } from '../connection/url.ts';
import { didYouMean } from '../../util/did-you-mean.ts';

/** A database URL, parsed as SQLAlchemy parses it. A part is `null` if the client chooses its value. */
export interface DatabaseUrl {
  readonly username: string | null;
  readonly password: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly database: string | null;
  readonly query: Query;
}

/** SQLAlchemy's own pattern. An "@" in a password has to be written %40; other characters need no escape. */
const PATTERN =
  /^\w+\+(?<dialect>\w+)(?:\+(?<driver>\w+))?:\/\/(?:(?<username>[^:/]*)(?::(?<password>[^@]*))?@)?(?:(?:\[(?<ipv6>[^/?]+)\]|(?<name>[^/:?]+))?(?::(?<port>[^/?]*))?)?(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/is;

/** Parses a URL with a driver of Celery's workers. Throws a `ConfigError` that does not show it or its password. */
export function parseDatabaseUrl(url: string, drivers: readonly string[]): DatabaseUrl {
  const found = PATTERN.exec(url)?.groups as Record<string, string | undefined> | undefined;
  if (!found) throw urlError('not a URL such as sqla+postgresql://user:password@host/database');
  const { dialect = '', driver, port } = found;
  if (driver !== undefined && !drivers.includes(driver)) {
    const allowed = drivers.join(', ');
    throw urlError(
      `no driver "${driver}" for ${dialect} that Celery's workers can use; allowed: ${allowed}${didYouMean(driver, drivers)}`,
    );
  }
  if (port && !/^\d+$/.test(port)) {
    const isPassword = !/:\/\/[^/]*@/.test(url);
    const shown = isPassword ? 'the port (not shown: without an "@" it may be a password)' : `"${port}"`;
    throw urlError(`${shown} is not a port; allowed: a number`);
  }
  return {
    username: decodeOptional(found['username'], 'user'),
    password: decodeOptional(found['password'], 'password'),
    host: decodeOptional(found['ipv6'] ?? found['name'], 'host'),
    port: port ? Number(port) : null,
    database: parseDatabaseName(found['database']),
    query: new Query(found['query'] ?? ''),
  };
}

function decodeOptional(text: string | undefined, name: string): string | null {
  return text === undefined || text === '' ? null : decodePart(text, name);
}

function parseDatabaseName(text: string | undefined): string | null {
  const escape = /%[0-9a-f]{2}/i.exec(text ?? '')?.[0];
  if (escape === undefined) return text === undefined || text === '' ? null : text;
  throw urlError(
    `"${escape}" in the database's name: workers with SQLAlchemy 1 do not decode it, those with 2 do; write the character itself`,
  );
}

/** The query parameters of a URL. beat must read each one unless only the workers use it. */
export class Query {
  readonly #params: URLSearchParams;
  readonly #read = new Set<string>();

  constructor(text: string) {
    this.#params = new URLSearchParams(text);
  }

  get(name: string): string | null {
    this.#read.add(name);
    const [first = null, second] = this.#params.getAll(name);
    if (second !== undefined) throw urlError(`"${name}" is given twice; one is allowed`);
    return first;
  }

  /** One of the allowed values in any case, or `null` when absent. */
  oneOf<T extends string>(name: string, allowed: readonly T[]): T | null {
    const value = this.get(name);
    if (value === null) return null;
    const match = allowed.find((each) => each === value.toLowerCase());
    if (match !== undefined) return match;
    throw urlError(`${name} is "${value}"; allowed: ${allowed.join(', ')}${didYouMean(value, allowed)}`);
  }

  /** A boolean as Python's drivers read it; `null` when absent. */
  flag(name: string): boolean | null {
    const value = this.oneOf(name, ['true', '1', 'yes', 'on', 'false', '0', 'no', 'off']);
    return value && ['true', '1', 'yes', 'on'].includes(value);
  }

  /** Throws for a parameter that was not read: call it last. Only the workers use the parameters `workers`. */
  rejectUnknown(workers: readonly string[]): void {
    const known = [...this.#read, ...workers];
    const unknown = [...this.#params.keys()].find((name) => !known.includes(name));
    if (unknown === undefined) return;
    throw urlError(
      `"${unknown}" after the "?" is not supported; allowed: ${known.toSorted().join(', ')}${didYouMean(unknown, known)}`,
    );
  }
}

/** Reads the TLS files that a URL names. Throws a `ConfigError` when no connection can be made with them. */
export function readCertificates(
  paths: Readonly<Record<TlsFile, string | null>>,
  passphrase?: string | null,
): Partial<Record<TlsFile, Buffer>> {
  const named = Object.entries(paths).filter((each): each is [TlsFile, string] => each[1] !== null);
  const read = named.map(([name, path]) => [name, readTlsFile(path, 'brokerUrl')] as const);
  const files: Partial<Record<TlsFile, Buffer>> = Object.fromEntries(read);
  const options = { ...files, passphrase: passphrase ?? undefined };
  const problem = findTlsError(options, (name) => paths[name] ?? name);
  if (problem !== null) throw urlError(problem);
  return files;
}
