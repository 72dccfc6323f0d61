import type { RedisOptions } from 'ioredis';
import { tlsWith, type TlsSettings } from '../../broker/tls.ts';
import type { SentinelLogin, TransportOptions } from '../../broker/connection-settings.ts';
import { schemeOf, splitUrls } from '../../broker/url-list.ts';
import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { addressOf } from './url.ts';

const SENTINEL_PORT = 26_379;

export function isSentinel(url: string): boolean {
  return schemeOf(url) === 'sentinel';
}

/**
 * Sentinels as Celery writes them: `sentinel://:password@h1:26379/0;sentinel://h2:26379/0`. User,
 * password, database and encryption are the master's, and the first URL that has one says it for all;
 * which master is `masterName`, and how the sentinels themselves are spoken to is `sentinelKwargs`. Throws
 * a `ConfigError` where something lacks.
 */
export function sentinelsOf(
  urls: string,
  transport: TransportOptions,
  beside: TlsSettings | null = null,
): Partial<RedisOptions> {
  const { masterName, sentinelKwargs } = transport;
  if (masterName === null) {
    const message = 'lacks: sentinel:// wants the name of the master, as the sentinels know it';
    throw new ConfigError([errorAt(['brokerTransportOptions', 'masterName'], message)]);
  }
  const all = splitUrls(urls).map((url) => addressOf(url.replace(/;$/, ''), beside, SENTINEL_PORT));
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
    ...loginTo(sentinelKwargs),
  };
}

function loginTo({ username, password, ssl, tls }: SentinelLogin): Partial<RedisOptions> {
  return {
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...((ssl ?? tls) && { sentinelTLS: tlsWith(tls ?? {}, null, 'brokerTransportOptions') }),
  };
}
