import type { Clock } from '../../../util/clock.ts';
import type { ServerUrl } from '../../../contracts/broker/server-url.ts';
import { createMasker } from '../../../util/mask.ts';
import type { SqlDialect } from '../dialect.ts';
import { createSqlDriver } from '../driver.ts';
import { raw } from '../sql.ts';
import { parseAddress } from './address.ts';
import { classifyError, connect } from './connection.ts';
import { RESULTS } from './schema.ts';
import { SCHEMA, STATEMENTS } from './syntax.ts';

/** The server of a `sqla+mysql://` or `sqla+mariadb://` URL. Throws a `ConfigError` for an invalid one. */
export function mysqlDialect(server: ServerUrl, timeout: number, clock: Clock): SqlDialect {
  const address = parseAddress(server.url);
  return {
    name: server.variant.product ?? 'MySQL',
    location: mysqlLocation(server),
    user: address.user,
    mask: createMasker([server.url], [address.password ?? undefined]),
    sql: STATEMENTS,
    schema: SCHEMA,
    // An index for the workers' query makes workers deadlock, because each consumed row moves within the index.
    workerIndexes: [],
    file: null,
    connect: (name, signal) => connect({ address, name, timeout, clock }, signal),
    classifyError,
    listen: null,
  };
}

/** A canonical text: equal for all URLs of one database and user. Users differ in their rights. */
function mysqlLocation({ url }: ServerUrl): string {
  const { host, port, socket, user, database } = parseAddress(url);
  const server = socket === null ? `${host === 'localhost' ? '127.0.0.1' : host}:${port}` : `[${socket}]`;
  return `mysql://${user === null ? '' : `${user}@`}${server}/${database ?? ''}`;
}

export const driver = createSqlDriver({
  createDialect: mysqlDialect,
  normalize: mysqlLocation,
  resultTables: RESULTS.map(raw),
});
