import { once } from 'node:events';
import type { Clock } from '../../../util/clock.ts';
import { createMasker } from '../../../util/mask.ts';
import type { SqlDialect } from '../dialect.ts';
import { parseAddress } from './address.ts';
import { connect } from './connection.ts';
import { classifyError } from './error-kind.ts';
import { CHANNEL, STATEMENTS } from './statements.ts';

/** The server of a `sqla+postgresql://` URL. Throws a `ConfigError` for an invalid one. */
export function postgresDialect(url: string, timeout: number, clock: Clock): SqlDialect {
  const address = parseAddress(url);
  return {
    name: 'PostgreSQL',
    location: postgresLocation(url),
    user: address.user,
    mask: createMasker([url], [address.password ?? undefined]),
    sql: STATEMENTS,
    connect: (name, signal) => connect({ address, name, timeout, clock }, signal),
    classifyError,
    listen: async (prefix, notify, signal) => {
      const options = { address, name: 'beat-follower', timeout, clock };
      const connection = await connect(options, signal);
      try {
        const { client } = connection;
        const ended = once(client, 'end', { signal });
        ended.catch(() => {});
        client.on('notification', ({ payload }) => {
          connection.received();
          if (payload === prefix) notify();
        });
        await connection.run({ text: `LISTEN ${CHANNEL}`, values: [] });
        notify();
        await ended;
      } finally {
        await connection.close();
      }
    },
  };
}

/** The same text for every URL of one database and user; users differ in their rights. */
export function postgresLocation(url: string): string {
  const { host, port, user, database, options } = parseAddress(url);
  const server = host.startsWith('/') ? `[${host}]` : host === 'localhost' ? '127.0.0.1' : host;
  const who = user === null ? '' : `${user}@`;
  const path = options === null ? '' : `?options=${options}`;
  return `postgresql://${who}${server}:${port}/${database ?? ''}${path}`;
}
