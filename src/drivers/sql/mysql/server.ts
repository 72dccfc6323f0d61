import type { Clock } from '../../../util/clock.ts';
import { createMasker } from '../../../util/mask.ts';
import type { Server } from '../server.ts';
import { addressOf } from './address.ts';
import { connect } from './connection.ts';
import { faultOf } from './faults.ts';
import { STATEMENTS } from './statements.ts';

/** The server that a `sqla+mysql://` or `sqla+mariadb://` URL names. Throws a `ConfigError` where it leads nowhere. */
export function mysqlServer(url: string, timeout: number, clock: Clock): Server {
  const address = addressOf(url);
  return {
    name: address.name,
    where: mysqlPlace(url),
    user: address.user,
    conceal: createMasker([url], [address.password ?? undefined]),
    sql: STATEMENTS,
    connect: (name, signal) => connect({ address, name, timeout, clock }, signal),
    faultOf,
    listen: null,
  };
}

/** The same for every URL of one database, and one user: what each may do differs. */
export function mysqlPlace(url: string): string {
  const { host, port, socket, user, database } = addressOf(url);
  const server =
    socket === null ? `${host === 'localhost' ? '127.0.0.1' : host}:${port}` : `[${socket}]`;
  return `mysql://${user === null ? '' : `${user}@`}${server}/${database ?? ''}`;
}
