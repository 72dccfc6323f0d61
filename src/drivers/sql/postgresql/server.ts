import { once } from 'node:events';
import type { Clock } from '../../../util/clock.ts';
import { createMasker } from '../../../util/mask.ts';
import type { Server } from '../server.ts';
import { addressOf } from './address.ts';
import { connect } from './connection.ts';
import { faultOf } from './faults.ts';
import { CHANNEL, STATEMENTS } from './statements.ts';

/** The server that a `sqla+postgresql://` URL names. Throws a `ConfigError` where it leads nowhere. */
export function postgresServer(url: string, timeout: number, clock: Clock): Server {
  const address = addressOf(url);
  return {
    name: 'PostgreSQL',
    where: postgresPlace(url),
    user: address.user,
    conceal: createMasker([url], [address.password ?? undefined]),
    sql: STATEMENTS,
    connect: (name, signal) => connect({ address, name, timeout, clock }, signal),
    faultOf,
    listen: async (prefix, heard, signal) => {
      const options = { address, name: 'beat-follower', timeout, clock };
      const connection = await connect(options, signal);
      try {
        const { client } = connection;
        const gone = once(client, 'end', { signal });
        gone.catch(() => {});
        client.on('notification', ({ payload }) => {
          connection.notified();
          if (payload === prefix) heard();
        });
        await connection.run({ text: `LISTEN ${CHANNEL}`, values: [] });
        heard();
        await gone;
      } finally {
        await connection.close();
      }
    },
  };
}

/** The same for every URL of one database, and one user: what each may do differs. */
export function postgresPlace(url: string): string {
  const { host, port, user, database, options } = addressOf(url);
  const server = host.startsWith('/') ? `[${host}]` : host === 'localhost' ? '127.0.0.1' : host;
  const who = user === null ? '' : `${user}@`;
  const path = options === null ? '' : `?options=${options}`;
  return `postgresql://${who}${server}:${port}/${database ?? ''}${path}`;
}
