import { once } from 'node:events';
import type { Clock } from '../../../util/clock.ts';
import type { ServerUrl } from '../../../contracts/broker/server-url.ts';
import { createMasker } from '../../../util/mask.ts';
import type { SqlDialect, Subject } from '../dialect.ts';
import { createSqlDriver } from '../driver.ts';
import { raw } from '../sql.ts';
import { parseAddress } from './address.ts';
import { classifyError, connect, type PostgresOptions } from './connection.ts';
import { RESULTS } from './schema.ts';
import { CHANNELS, SCHEMA, STATEMENTS, WORKER_INDEXES } from './syntax.ts';

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

/** A canonical text: equal for all URLs of one database and user. Users differ in their rights. */
function postgresLocation({ url }: ServerUrl): string {
  const { host, port, user, database, options } = parseAddress(url);
  const server = host.startsWith('/') ? `[${host}]` : host === 'localhost' ? '127.0.0.1' : host;
  const who = user === null ? '' : `${user}@`;
  const path = options === null ? '' : `?options=${options}`;
  return `postgresql://${who}${server}:${port}/${database ?? ''}${path}`;
}

/** Calls `notify` for each notification of a key prefix, and on every subject as soon as it listens. */
async function listen(
  options: PostgresOptions,
  prefix: string,
  notify: (subject: Subject) => void,
  signal: AbortSignal,
): Promise<void> {
  const subjects = Object.keys(CHANNELS) as Subject[];
  const connection = await connect(options, signal);
  try {
    const { pg } = connection.client;
    const ended = once(pg, 'end', { signal });
    ended.catch(() => {});
    pg.on('notification', ({ channel, payload }) => {
      connection.received();
      const subject = subjects.find((each) => CHANNELS[each] === channel);
      if (subject && payload === prefix) notify(subject);
    });
    for (const subject of subjects) {
      await connection.run(raw(`LISTEN ${CHANNELS[subject]}`));
    }
    subjects.forEach(notify);
    await ended;
  } finally {
    await connection.close();
  }
}

export const driver = createSqlDriver({
  createDialect: postgresDialect,
  normalize: postgresLocation,
  resultTables: RESULTS.map(raw),
});
