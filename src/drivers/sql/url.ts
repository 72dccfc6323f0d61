import { decoded, wrongUrl } from '../../broker/url.ts';
import { didYouMean } from '../../util/did-you-mean.ts';

/** A database URL taken apart as SQLAlchemy does it; `null` for what it leaves to the client. */
export interface DatabaseUrl {
  readonly dialect: string;
  readonly username: string | null;
  readonly password: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly database: string | null;
  readonly query: Query;
}

/** SQLAlchemy's own pattern. An "@" in a password has to be written %40, any other character need not be. */
const PATTERN =
  /^sqla(?:lchemy)?\+(?<dialect>\w+)(?:\+(?<driver>\w+))?:\/\/(?:(?<username>[^:/]*)(?::(?<password>[^@]*))?@)?(?:(?:\[(?<ipv6>[^/?]+)\]|(?<name>[^/:?]+))?(?::(?<port>[^/?]*))?)?(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/is;

/**
 * Reads a URL whose driver is one of those that Celery's workers can use. Throws a `ConfigError` for what
 * is none; its words leave the URL out, which may hold a password.
 */
export function parseDatabaseUrl(url: string, drivers: readonly string[]): DatabaseUrl {
  const found = PATTERN.exec(url)?.groups as Record<string, string | undefined> | undefined;
  if (!found) throw wrongUrl('not a URL such as sqla+postgresql://user:password@host/database');
  const { dialect = '', driver, port } = found;
  if (driver !== undefined && !drivers.includes(driver)) {
    const allowed = drivers.join(', ');
    throw wrongUrl(
      `no driver "${driver}" for ${dialect} that Celery's workers can use; allowed: ${allowed}${didYouMean(driver, drivers)}`,
    );
  }
  if (port && !/^\d+$/.test(port)) {
    const isPassword = !/:\/\/[^/]*@/.test(url);
    const shown = isPassword
      ? 'the port (not shown: without an "@" it may be a password)'
      : `"${port}"`;
    throw wrongUrl(`${shown} is no port; allowed is a number`);
  }
  return {
    dialect: dialect.toLowerCase(),
    username: part(found['username'], 'user'),
    password: part(found['password'], 'password'),
    host: part(found['ipv6'] ?? found['name'], 'host'),
    port: port ? Number(port) : null,
    database: databaseOf(found['database']),
    query: new Query(found['query'] ?? ''),
  };
}

function part(text: string | undefined, name: string): string | null {
  return text === undefined || text === '' ? null : decoded(text, name);
}

function databaseOf(text: string | undefined): string | null {
  const escape = /%[0-9a-f]{2}/i.exec(text ?? '')?.[0];
  if (escape === undefined) return text === undefined || text === '' ? null : text;
  throw wrongUrl(
    `"${escape}" in the database's name: workers with SQLAlchemy 1 take it as it stands, those with 2 decode it; write the character itself`,
  );
}

/** What stands after the `?`. Every parameter has to be asked for, or be known to be the workers' own. */
export class Query {
  readonly #given: URLSearchParams;
  readonly #asked = new Set<string>();

  constructor(text: string) {
    this.#given = new URLSearchParams(text);
  }

  get(name: string): string | null {
    this.#asked.add(name);
    const [first = null, second] = this.#given.getAll(name);
    if (second !== undefined) throw wrongUrl(`"${name}" is given twice; one is allowed`);
    return first;
  }

  /** One of the words, or `null` when it is not given. */
  oneOf<T extends string>(name: string, words: readonly T[]): T | null {
    const value = this.get(name);
    if (value === null) return null;
    const word = words.find((each) => each === value.toLowerCase());
    if (word !== undefined) return word;
    throw wrongUrl(
      `${name} is "${value}"; allowed: ${words.join(', ')}${didYouMean(value, words)}`,
    );
  }

  /** As Python's drivers read it; `null` when it is not given. */
  flag(name: string): boolean | null {
    const word = this.oneOf(name, ['true', '1', 'yes', 'on', 'false', '0', 'no', 'off']);
    return word && ['true', '1', 'yes', 'on'].includes(word);
  }

  /** To be called last. `workers`: what shapes the workers' connections alone, and is no matter of beat's. */
  refuseOthers(workers: readonly string[]): void {
    const known = [...this.#asked, ...workers];
    const unknown = [...this.#given.keys()].find((name) => !known.includes(name));
    if (unknown === undefined) return;
    throw wrongUrl(
      `"${unknown}" after the "?" is not supported; allowed: ${known.toSorted().join(', ')}${didYouMean(unknown, known)}`,
    );
  }
}
