import { REDIS_PARAMETERS, type ServerUrl } from '../../../contracts/broker/server-url.ts';
import type { RedisOptions } from 'ioredis';
import type { TlsSettings } from '../../../contracts/broker/connection-settings.ts';
import {
  decodePart,
  readHost,
  parseUrl,
  withSafeErrors,
  readTls,
  urlError,
} from '../../connection/url.ts';

export type Address = Pick<
  RedisOptions,
  'host' | 'port' | 'path' | 'tls' | 'username' | 'password' | 'db'
>;

/**
 * Parses a URL in Celery's forms: `redis://user:password@host:6379/0`, `rediss://…?ssl_ca_certs=/path`,
 * `redis+socket:///path?virtual_host=0`, `unix:///path?db=0`. Throws a `ConfigError` for an invalid URL; its text
 * does not contain the URL, which may include a password.
 */
export function parseRedisUrl(
  server: ServerUrl,
  tlsSettings: TlsSettings | null = null,
  defaultPort = 6379,
): Address {
  return withSafeErrors(server.url, () => readAddress(server, tlsSettings, defaultPort));
}

function readAddress(
  server: ServerUrl,
  tlsSettings: TlsSettings | null,
  defaultPort: number,
): Address {
  const url = parseUrl(server.url, REDIS_PARAMETERS);
  const { socket = false, sentinel = false, tls: encrypted = false } = server.variant;
  const query = url.searchParams;
  const path = decodePart(url.pathname, 'path');
  const database =
    query.get('virtual_host') ?? query.get('db') ?? (socket ? '' : path.replace(/^\//, ''));
  // The URL of a sentinel has the database of the master, whose host the sentinel reports later.
  const host = sentinel ? null : readHost(url);
  const tls = socket ? null : readTls(url, encrypted, tlsSettings, host);
  return {
    ...(socket ? { path } : tcp(url, defaultPort)),
    ...(tls && { tls }),
    ...(url.username === '' ? {} : { username: decodePart(url.username, 'user') }),
    ...(url.password === '' ? {} : { password: decodePart(url.password, 'password') }),
    db: parseDatabase(database),
  };
}

function tcp(url: URL, defaultPort: number): Address {
  return {
    host: readHost(url),
    port: url.port === '' ? defaultPort : Number(url.port),
  };
}

function parseDatabase(text: string): number {
  const number = text.replace(/^\//, '');
  if (!/^\d*$/.test(number)) {
    throw urlError(`database "${number}" is not a number; write redis://host:6379/0`);
  }
  return Number(number);
}
