import { isIP } from 'node:net';
import type { SslOptions } from 'mysql2';
import { reading, wrongUrl } from '../../../broker/url.ts';
import { certificates } from '../certificates.ts';
import { parseDatabaseUrl, type Query } from '../url.ts';

/** Where a server is and how to log in. */
export interface Address {
  /** `MariaDB` or `MySQL`, as the URL says; they are spoken to alike. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** A socket of this host, which wins over host and port. */
  readonly socket: string | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
  /** What to try, in this order, when the server will not have the one before. */
  readonly tls: readonly (SslOptions | false)[];
}

/** Those of SQLAlchemy's drivers that work without an event loop, as kombu does. */
const DRIVERS = ['mysqldb', 'pymysql', 'mysqlconnector', 'mariadbconnector', 'cymysql'];

const SSL_MODES = ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'] as const;

/** Parameters that shape a connection of the workers, and lead to no other place. */
const WORKERS = [
  ...['charset', 'collation', 'use_unicode', 'binary_prefix', 'local_infile', 'autocommit'],
  ...['connect_timeout', 'connection_timeout', 'read_timeout', 'write_timeout', 'compress'],
  ...['ssl_cipher', 'auth_plugin', 'program_name', 'use_pure', 'buffered'],
];

/**
 * Where `sqla+mysql://…` or `sqla+mariadb://…` leads, its parameters as Python's drivers read them. Throws
 * a `ConfigError` where it leads nowhere, or asks for what beat cannot do.
 */
export function addressOf(url: string): Address {
  return reading(url, () => readAddress(url));
}

function readAddress(url: string): Address {
  const parsed = parseDatabaseUrl(url, DRIVERS);
  const { query } = parsed;
  const address: Address = {
    name: parsed.dialect === 'mariadb' ? 'MariaDB' : 'MySQL',
    host: parsed.host ?? 'localhost',
    port: parsed.port ?? 3306,
    socket: query.get('unix_socket'),
    user: parsed.username,
    password: parsed.password,
    database: parsed.database,
    tls: tlsOf(query, parsed.host ?? 'localhost'),
  };
  query.refuseOthers(WORKERS);
  return address;
}

/** With a CA the server is verified, with any other word for it TLS is used; without one if it insists. */
function tlsOf(query: Query, host: string): Address['tls'] {
  const mode = query.oneOf('ssl_mode', SSL_MODES);
  const off = query.flag('ssl_disabled');
  const files = certificates({
    ca: query.get('ssl_ca'),
    cert: query.get('ssl_cert'),
    key: query.get('ssl_key'),
  });
  const verify = query.flag('ssl_verify_cert');
  const named = query.flag('ssl_check_hostname') ?? query.flag('ssl_verify_identity');
  const asked = Object.keys(files).length > 0 || verify !== null || named !== null;

  if (off === true || mode === 'disabled') return [false];
  const verified = mode
    ? mode.startsWith('verify')
    : (verify ?? (files.ca !== undefined || named === true));
  const identity = mode ? mode === 'verify_identity' : verified && (named ?? true);
  if (identity && isIP(host)) {
    throw wrongUrl(
      `the certificate of ${host} cannot be held against an address; name the host, or say ssl_check_hostname=false`,
    );
  }
  const tls: SslOptions = { rejectUnauthorized: verified, verifyIdentity: identity, ...files };
  if (mode === 'preferred') return [tls, false];
  return mode || asked || off === false ? [tls] : [false, tls];
}
