import type { Clock } from '../../../util/clock.ts';
import type { ServerUrl } from '../../../contracts/broker/server-url.ts';
import { createMasker } from '../../../util/mask.ts';
import type { SqlDialect } from '../dialect.ts';
import { parseAddress } from './address.ts';
import { connect } from './connection.ts';
import { classifyError } from './error-kind.ts';
import { listen } from './listen.ts';
import { SCHEMA, STATEMENTS, WORKER_INDEXES } from './syntax.ts';

/** The server of a `sqla+postgresql://` URL. Throws a `ConfigError` for an invalid one. */
export function postgresDialect(server: ServerUrl, timeout: number, clock: Clock): SqlDialect {
  const address = parseAddress(server.url);
  return {
    name: 'PostgreSQL',
    location: postgresLocation(server),
    user: address.user,
    mask: createMasker([server.url], [address.password ?? undefined]),
    sql: STATEMENTS,
    schema: SCHEMA,
    workerIndexes: WORKER_INDEXES,
    file: null,
    connect: (name, signal) => connect({ address, name, timeout, clock }, signal),
    classifyError,
    listen: (prefix, notify, signal) =>
      listen({ address, name: 'beat-notifications', timeout, clock }, prefix, notify, signal),
  };
}

/** The same text for every URL of one database and user; users differ in their rights. */
export function postgresLocation({ url }: ServerUrl): string {
  const { host, port, user, database, options } = parseAddress(url);
  const server = host.startsWith('/') ? `[${host}]` : host === 'localhost' ? '127.0.0.1' : host;
  const who = user === null ? '' : `${user}@`;
  const path = options === null ? '' : `?options=${options}`;
  return `postgresql://${who}${server}:${port}/${database ?? ''}${path}`;
}
