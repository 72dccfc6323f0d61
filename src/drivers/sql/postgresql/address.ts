import { existsSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { withSafeErrors, urlError } from '../../connection/url.ts';
import { parseDatabaseUrl, readCertificates, type Query } from '../url.ts';

/** Where a server is and how to log in; `null` leaves a value to the client. */
export interface Address {
  /** A name or address; or the folder of a Unix socket, beginning with `/`. */
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
  /** libpq's `options`, such as `-csearch_path=celery`. */
  readonly options: string | null;
  /** TLS modes in the order of attempts: when the server rejects one, the client tries the next. */
  readonly tls: readonly (TlsOptions | false)[];
}

/** SQLAlchemy's drivers that work without an event loop, as kombu requires. */
const DRIVERS = ['psycopg2', 'psycopg', 'psycopg2cffi', 'pg8000'];

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** Parameters of the workers' connections that do not change the location of the database. */
const WORKERS = [
  ...['application_name', 'fallback_application_name', 'client_encoding', 'connect_timeout'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count'],
  ...['tcp_user_timeout', 'gssencmode', 'channel_binding', 'sslcompression'],
];

/** The folders in which libpq looks for a socket: Debian's, and the default of others. */
const SOCKET_FOLDERS = ['/var/run/postgresql', '/tmp'];

/** Parses `sqla+postgresql://…` as libpq does. Throws a `ConfigError` if it is invalid, or beat does not support it. */
export function parseAddress(url: string): Address {
  return withSafeErrors(url, () => {
    const parsed = parseDatabaseUrl(url, DRIVERS);
    const { query } = parsed;
    const port = Number(query.get('port') ?? parsed.port ?? 5432);
    if (!Number.isInteger(port)) throw urlError('the port is not a number');
    const host =
      query.get('host') ??
      parsed.host ??
      SOCKET_FOLDERS.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ??
      'localhost';
    if (host.includes(',')) throw urlError('"host" names several servers; one is allowed');
    const address: Address = {
      host,
      port,
      user: query.get('user') ?? parsed.username,
      password: query.get('password') ?? parsed.password,
      database: query.get('dbname') ?? parsed.database,
      options: query.get('options'),
      tls: parseTls(query, host),
    };
    query.rejectUnknown(WORKERS);
    return address;
  });
}

/** Parses the TLS parameters as libpq does: by default TLS is used if the server has it, and nothing is verified. */
function parseTls(query: Query, host: string): Address['tls'] {
  const mode = query.oneOf('sslmode', SSL_MODES) ?? 'prefer';
  const root = query.get('sslrootcert');
  const passphrase = query.get('sslpassword');
  const files = readCertificates(
    { ca: root === 'system' ? null : root, cert: query.get('sslcert'), key: query.get('sslkey') },
    passphrase,
  );
  // A Unix socket needs no encryption.
  if (host.startsWith('/') || mode === 'disable') return [false];
  // With a root certificate "require" also verifies: libpq does so for compatibility with older clients.
  const verified = mode.startsWith('verify') || (mode === 'require' && root !== null);
  const named = mode === 'verify-full' || root === 'system';
  const tls: TlsOptions = {
    rejectUnauthorized: verified,
    ...(named ? {} : { checkServerIdentity: () => undefined }),
    ...(passphrase === null ? {} : { passphrase }),
    ...files,
  };
  if (mode === 'allow') return [false, tls];
  return mode === 'prefer' ? [tls, false] : [tls];
}
