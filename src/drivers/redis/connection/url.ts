import type { RedisOptions } from 'ioredis';
import type { SentinelLogin, TlsSettings, TransportOptions } from '../../../contracts/broker/connection-settings.ts';
import { REDIS_PARAMETERS, type ServerUrl, type ServerUrls } from '../../../contracts/broker/server-url.ts';
import { errorAt } from '../../../util/diagnostic.ts';
import { ConfigError } from '../../../util/errors.ts';
import { createTls } from '../../connection/tls.ts';
import { decodePart, readHost, parseUrl, withSafeErrors, readTls, urlError } from '../../connection/url.ts';

export type Address = Pick<RedisOptions, 'host' | 'port' | 'path' | 'tls' | 'username' | 'password' | 'db'>;

/**
 * Parses a URL in Celery's forms: `redis://user:password@host:6379/0`, `rediss://…?ssl_ca_certs=/path`,
 * `redis+socket:///path?virtual_host=0`, `unix:///path?db=0`. Throws a `ConfigError` for an invalid URL; its text
 * does not contain the URL, which may include a password.
 */
export function parseRedisUrl(server: ServerUrl, tlsSettings: TlsSettings | null = null, defaultPort = 6379): Address {
  return withSafeErrors(server.url, () => readAddress(server, tlsSettings, defaultPort));
}

function readAddress(server: ServerUrl, tlsSettings: TlsSettings | null, defaultPort: number): Address {
  const url = parseUrl(server.url, REDIS_PARAMETERS);
  const { socket = false, sentinel = false, tls: encrypted = false } = server.variant;
  const query = url.searchParams;
  const path = decodePart(url.pathname, 'path');
  const database = query.get('virtual_host') ?? query.get('db') ?? (socket ? '' : path.replace(/^\//, ''));
  // The URL of a sentinel has the database of the master, whose host the sentinel reports later.
  const host = sentinel ? null : readHost(url);
  const tls = socket ? null : readTls(url, encrypted, tlsSettings, host);
  return {
    ...(socket ? { path } : { host: readHost(url), port: url.port === '' ? defaultPort : Number(url.port) }),
    ...(tls && { tls }),
    ...(url.username === '' ? {} : { username: decodePart(url.username, 'user') }),
    ...(url.password === '' ? {} : { password: decodePart(url.password, 'password') }),
    db: parseDatabase(database),
  };
}

function parseDatabase(text: string): number {
  const number = text.replace(/^\//, '');
  if (!/^\d*$/.test(number)) {
    throw urlError(`database "${number}" is not a number; write redis://host:6379/0`);
  }
  return Number(number);
}

const SENTINEL_PORT = 26_379;

/**
 * Parses Celery's URLs of sentinels: `sentinel://:password@h1:26379/0;sentinel://h2:26379/0`. User, password, database
 * and encryption belong to the master; the first URL that sets one of them applies to all. `masterName` selects the
 * master, `sentinelKwargs` has the login of the sentinels. Throws a `ConfigError` if an option is missing or invalid.
 */
export function parseSentinelUrls(
  { servers }: ServerUrls,
  transport: TransportOptions,
  tlsSettings: TlsSettings | null = null,
): Partial<RedisOptions> {
  const { masterName, sentinelKwargs } = transport;
  if (masterName === null) {
    const message = 'missing: sentinel:// needs the name of the master, as the sentinels know it';
    throw new ConfigError([errorAt(['brokerTransportOptions', 'masterName'], message)]);
  }
  const all = servers.map((server) => {
    const url = server.url.replace(/;$/, '');
    return parseRedisUrl({ ...server, url }, tlsSettings, SENTINEL_PORT);
  });
  const username = all.find((each) => each.username !== undefined)?.username;
  const password = all.find((each) => each.password !== undefined)?.password;
  const tls = all.find((each) => each.tls !== undefined)?.tls;
  return {
    name: masterName,
    sentinels: all.map(({ host = '', port = SENTINEL_PORT }) => ({ host, port })),
    db: all.find(({ db }) => db !== 0)?.db ?? 0,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls, enableTLSForSentinelMode: true }),
    ...sentinelLogin(sentinelKwargs),
  };
}

function sentinelLogin({ username, password, ssl, tls }: SentinelLogin): Partial<RedisOptions> {
  return {
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...((ssl ?? tls) && { sentinelTLS: createTls(tls ?? {}, null, 'brokerTransportOptions') }),
  };
}

/** A canonical URL: equal for URLs of the same servers, database and user. Two users may have different rights. */
export function normalizeRedisUrl(server: ServerUrls): string {
  if (server.variant.sentinel) {
    const urls = server.servers.map(({ url }) => url);
    return urls.sort().join(';');
  }
  const { path, host, port, db, username = '' } = parseRedisUrl(server);
  const location = path ?? `${host === 'localhost' ? '127.0.0.1' : host}:${port}`;
  return `${username}@${location}/${db}`;
}

export function readDatabase(server: ServerUrls, transport: TransportOptions): number {
  const { sentinel } = server.variant;
  return (sentinel ? parseSentinelUrls(server, transport) : parseRedisUrl(server)).db ?? 0;
}
