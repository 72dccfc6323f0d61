import { REDIS_PARAMETERS } from '../../broker/url-parameters.ts';
import type { RedisOptions } from 'ioredis';
import type { TlsSettings } from '../../broker/tls.ts';
import { decoded, hostOf, parseUrl, reading, tlsOf, wrongUrl } from '../../broker/url.ts';

export type Address = Pick<
  RedisOptions,
  'host' | 'port' | 'path' | 'tls' | 'username' | 'password' | 'db'
>;

/**
 * Where a broker URL leads, in the spellings that Celery's users know:
 * `redis://user:password@host:6379/0`, `rediss://…?ssl_ca_certs=/path`,
 * `redis+socket:///path?virtual_host=0`, `unix:///path?db=0`. Throws a `ConfigError` where it leads
 * nowhere; its words leave the URL out, which may hold a password.
 */
export function addressOf(
  brokerUrl: string,
  beside: TlsSettings | null = null,
  defaultPort = 6379,
): Address {
  return reading(brokerUrl, () => readAddress(brokerUrl, beside, defaultPort));
}

function readAddress(brokerUrl: string, beside: TlsSettings | null, defaultPort: number): Address {
  const url = parseUrl(brokerUrl, REDIS_PARAMETERS);
  const socket = url.protocol === 'redis+socket:' || url.protocol === 'unix:';
  const query = url.searchParams;
  const path = decoded(url.pathname, 'path');
  const database =
    query.get('virtual_host') ?? query.get('db') ?? (socket ? '' : path.replace(/^\//, ''));
  // Of sentinels it is the master's, whom they name later.
  const host = url.protocol === 'sentinel:' ? null : hostOf(url);
  const tls = socket ? null : tlsOf(url, url.protocol === 'rediss:', beside, host);
  return {
    ...(socket ? { path } : tcp(url, defaultPort)),
    ...(tls && { tls }),
    ...(url.username === '' ? {} : { username: decoded(url.username, 'user') }),
    ...(url.password === '' ? {} : { password: decoded(url.password, 'password') }),
    db: databaseOf(database),
  };
}

function tcp(url: URL, defaultPort: number): Address {
  return {
    host: hostOf(url),
    port: url.port === '' ? defaultPort : Number(url.port),
  };
}

function databaseOf(text: string): number {
  const number = text.replace(/^\//, '');
  if (!/^\d*$/.test(number)) {
    throw wrongUrl(`"${number}" is no database; allowed is a number, as in redis://host:6379/0`);
  }
  return Number(number);
}
