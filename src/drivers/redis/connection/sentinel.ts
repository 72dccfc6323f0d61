import type { RedisOptions } from 'ioredis';
import type { TlsSettings } from '../../../contracts/broker/connection-settings.ts';
import { createTls } from '../../connection/tls.ts';
import type {
  SentinelLogin,
  TransportOptions,
} from '../../../contracts/broker/connection-settings.ts';
import type { ServerUrls } from '../../../contracts/broker/server-url.ts';
import { errorAt } from '../../../util/diagnostic.ts';
import { ConfigError } from '../../../util/errors.ts';
import { parseRedisUrl } from './url.ts';

const SENTINEL_PORT = 26_379;

/**
 * Parses Celery's URLs of sentinels: `sentinel://:password@h1:26379/0;sentinel://h2:26379/0`. User, password,
 * database and encryption belong to the master, and the first URL that has one applies to all. `masterName`
 * selects the master, `sentinelKwargs` has the login of the sentinels. Throws a `ConfigError` if an option is
 * missing or invalid.
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
