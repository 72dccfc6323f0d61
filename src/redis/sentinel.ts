import type { RedisOptions } from 'ioredis';
import type { TransportOptions } from '../config/settings.ts';
import { schemeOf, splitUrls } from '../config/urls.ts';
import { ConfigError } from '../errors.ts';
import { addressOf } from './url.ts';

const SENTINEL_PORT = 26_379;

export function isSentinel(url: string): boolean {
  return schemeOf(url) === 'sentinel';
}

/**
 * Sentinels as Celery writes them: `sentinel://:password@h1:26379/0;sentinel://h2:26379/0`. User,
 * password and database are the master's, and the first URL that has one says it for all; which master
 * is `masterName`, and who may ask is `sentinelKwargs`. Throws a `ConfigError` where something lacks.
 */
export function sentinelsOf(urls: string, transport: TransportOptions): Partial<RedisOptions> {
  const { masterName, sentinelKwargs } = transport;
  if (masterName === null) {
    const message = 'lacks: sentinel:// wants the name of the master, as the sentinels know it';
    throw new ConfigError([{ path: ['brokerTransportOptions', 'masterName'], message }]);
  }
  const all = splitUrls(urls).map((url) => addressOf(url.replace(/;$/, ''), SENTINEL_PORT));
  const username = all.find((each) => each.username !== undefined)?.username;
  const password = all.find((each) => each.password !== undefined)?.password;
  return {
    name: masterName,
    sentinels: all.map(({ host = '', port = SENTINEL_PORT }) => ({ host, port })),
    db: all.find(({ db }) => db !== 0)?.db ?? 0,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(sentinelKwargs.username !== undefined && { sentinelUsername: sentinelKwargs.username }),
    ...(sentinelKwargs.password !== undefined && { sentinelPassword: sentinelKwargs.password }),
    ...(sentinelKwargs.ssl === true && { sentinelTLS: {} }),
  };
}
