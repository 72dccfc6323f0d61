import { isIP } from 'node:net';
import type { SslOptions } from 'mysql2';
import { withSafeErrors, urlError } from '../../connection/url.ts';
import { parseDatabaseUrl, readCertificates, type Query } from '../url.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** A Unix socket, which is used in place of host and port. */
  readonly socket: string | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
  /** TLS modes in the order of attempts: when the server rejects one, the client tries the next. */
  readonly tls: readonly (SslOptions | false)[];
}

/** SQLAlchemy's drivers that work without an event loop, as kombu requires. */
const DRIVERS = ['mysqldb', 'pymysql', 'mysqlconnector', 'mariadbconnector', 'cymysql'];

const SSL_MODES = ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'] as const;

/** Parameters of the workers' connections that do not change the location of the database. */
const WORKERS = [
  ...['charset', 'collation', 'use_unicode', 'binary_prefix', 'local_infile', 'autocommit'],
  ...['connect_timeout', 'connection_timeout', 'read_timeout', 'write_timeout', 'compress'],
  ...['ssl_cipher', 'auth_plugin', 'program_name', 'use_pure', 'buffered'],
];

/** Parses a `sqla+mysql:` or `sqla+mariadb:` URL as Python's drivers do. Throws a `ConfigError` if unsupported. */
export function parseAddress(url: string): Address {
  return withSafeErrors(url, () => {
    const parsed = parseDatabaseUrl(url, DRIVERS);
    const { query } = parsed;
    const address: Address = {
      host: parsed.host ?? 'localhost',
      port: parsed.port ?? 3306,
      socket: query.get('unix_socket'),
      user: parsed.username,
      password: parsed.password,
      database: parsed.database,
      tls: parseTls(query, parsed.host ?? 'localhost'),
    };
    query.rejectUnknown(WORKERS);
    return address;
  });
}

/** With a CA the client verifies the server, else TLS parameters only encrypt; without any, the server decides. */
function parseTls(query: Query, host: string): Address['tls'] {
  const mode = query.oneOf('ssl_mode', SSL_MODES);
  const off = query.flag('ssl_disabled');
  const files = readCertificates({ ca: query.get('ssl_ca'), cert: query.get('ssl_cert'), key: query.get('ssl_key') });
  const verify = query.flag('ssl_verify_cert');
  const named = query.flag('ssl_check_hostname') ?? query.flag('ssl_verify_identity');
  const asked = Object.keys(files).length > 0 || verify !== null || named !== null;

  if (off === true || mode === 'disabled') return [false];
  const verified = mode ? mode.startsWith('verify') : (verify ?? (files.ca !== undefined || named === true));
  const identity = mode ? mode === 'verify_identity' : verified && (named ?? true);
  if (identity && isIP(host)) {
    throw urlError(
      `the certificate cannot be checked against the address ${host}; use a host name, or ssl_check_hostname=false`,
    );
  }
  const tls: SslOptions = { rejectUnauthorized: verified, verifyIdentity: identity, ...files };
  if (mode === 'preferred') return [tls, false];
  return mode || asked || off === false ? [tls] : [false, tls];
}
