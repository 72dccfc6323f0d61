import { existsSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { reading, wrongUrl } from '../../../broker/url.ts';
import { certificates } from '../certificates.ts';
import { parseDatabaseUrl, type Query } from '../url.ts';

/** Where a server is and how to log in; what is `null` is the client's to know. */
export interface Address {
  /** A folder, beginning with `/`, for a socket in it. */
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
  /** libpq's `options`, such as `-csearch_path=celery`. */
  readonly options: string | null;
  /** What to try, in this order, when the server will not have the one before. */
  readonly tls: readonly (TlsOptions | false)[];
}

/** Those of SQLAlchemy's drivers that work without an event loop, as kombu does. */
const DRIVERS = ['psycopg2', 'psycopg', 'psycopg2cffi', 'pg8000'];

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** Parameters of libpq that shape a connection of the workers, and lead to no other place. */
const WORKERS = [
  ...['application_name', 'fallback_application_name', 'client_encoding', 'connect_timeout'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count'],
  ...['tcp_user_timeout', 'gssencmode', 'channel_binding', 'sslcompression'],
];

/** Where libpq looks for a server on this host, as Debian and as others build it. */
const SOCKETS = ['/var/run/postgresql', '/tmp'];

/**
 * Where `sqla+postgresql://…` leads, its parameters as libpq reads them. Throws a `ConfigError` where it
 * leads nowhere, or asks for what beat cannot do.
 */
export function addressOf(url: string): Address {
  return reading(url, () => readAddress(url));
}

function readAddress(url: string): Address {
  const parsed = parseDatabaseUrl(url, DRIVERS);
  const { query } = parsed;
  const port = Number(query.get('port') ?? parsed.port ?? 5432);
  if (!Number.isInteger(port)) throw wrongUrl('the port is no number');
  const host = query.get('host') ?? parsed.host ?? ownHost(port);
  if (host.includes(',')) throw wrongUrl('"host" names several servers; one is allowed');
  const address: Address = {
    host,
    port,
    user: query.get('user') ?? parsed.username,
    password: query.get('password') ?? parsed.password,
    database: query.get('dbname') ?? parsed.database,
    options: query.get('options'),
    tls: tlsOf(query, host),
  };
  query.refuseOthers(WORKERS);
  return address;
}

function ownHost(port: number): string {
  return SOCKETS.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? 'localhost';
}

/** As libpq: without a word for it TLS is used where it can be, and nothing is verified. */
function tlsOf(query: Query, host: string): Address['tls'] {
  const mode = query.oneOf('sslmode', SSL_MODES) ?? 'prefer';
  const root = query.get('sslrootcert');
  const passphrase = query.get('sslpassword');
  const files = certificates(
    {
      ca: root === 'system' ? null : root,
      cert: query.get('sslcert'),
      key: query.get('sslkey'),
    },
    passphrase,
  );
  // A socket has no wire to listen to.
  if (host.startsWith('/') || mode === 'disable') return [false];
  // With a root certificate "require" means more than it says, for the sake of older clients.
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
