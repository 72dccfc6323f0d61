import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { parseAddress as mysqlAddress } from '../../../../src/drivers/sql/mysql/address.ts';
import { parseAddress as postgresAddress } from '../../../../src/drivers/sql/postgresql/address.ts';
import { mysqlDialect } from '../../../../src/drivers/sql/mysql/driver.ts';
import { postgresDialect } from '../../../../src/drivers/sql/postgresql/driver.ts';
import { normalizeSqlUrl } from '../../../support/open-sql-store.ts';
import { parseEndpoint } from '../../../../src/drivers/endpoint.ts';

const SECRET = 'hunter2';

describe('postgresql URL, parsed as SQLAlchemy and libpq do', () => {
  test.each([
    ['sqla+postgresql://me:p%40ss%2Fw@db:5433/celery', { host: 'db', port: 5433, user: 'me' }],
    ['sqla+postgresql+psycopg2://me:a/b?c@db/celery', { password: 'a/b?c', database: 'celery' }],
    ['sqla+postgresql+psycopg://db/celery', { host: 'db', port: 5432, user: null, password: null }],
    ['sqlalchemy+postgresql://db/celery', { host: 'db', database: 'celery' }],
    ['SQLA+PostgreSQL://[::1]:5433/celery', { host: '::1', port: 5433 }],
    [
      'sqla+postgresql://me@/celery?host=/var/run/postgresql&port=5434',
      { host: '/var/run/postgresql', port: 5434, tls: [false] },
    ],
    ['sqla+postgresql://db/celery?options=-csearch_path%3Dq', { options: '-csearch_path=q' }],
    ['sqla+postgresql://db/celery?application_name=x&connect_timeout=3', { host: 'db' }],
    ['sqla+postgresql://db/celery?sslmode=disable', { tls: [false] }],
  ])('%s', (url, parts) => {
    expect(postgresAddress(url)).toMatchObject(parts);
  });
});

describe('mysql URL, parsed as SQLAlchemy and its drivers do', () => {
  test.each([
    ['sqla+mysql://me:pw@db/celery', { host: 'db', port: 3306, socket: null }],
    ['sqla+mysql+pymysql://me:p%40ss@db:3307/celery?charset=utf8mb4', { password: 'p@ss' }],
    ['sqla+mysql+mysqldb://me@db/celery?unix_socket=/run/mysqld.sock', { socket: '/run/mysqld.sock' }],
    ['sqla+mysql://', { host: 'localhost', user: null, password: null, database: null }],
    ['sqla+mysql+mysqlconnector://me@db/celery', { database: 'celery' }],
    ['sqla+mariadb+mariadbconnector://me@db/celery', { user: 'me' }],
    ['sqla+mysql://db/celery?ssl_disabled=true', { tls: [false] }],
    ['sqla+mysql://db/celery?ssl_mode=PREFERRED', { tls: [{ rejectUnauthorized: false }, false] }],
  ])('%s', (url, parts) => {
    expect(mysqlAddress(url)).toMatchObject(parts);
  });

  test.each([
    ['sqla+mysql://me@db/celery', 'MySQL'],
    ['SQLA+MariaDB+pymysql://me@db/celery', 'MariaDB'],
  ])('%s is %s in messages', (url, name) => {
    expect(mysqlDialect(parseEndpoint(url), 1_000, systemClock).name).toBe(name);
  });
});

test.each([
  [`sqla+postgresql://me:${SECRET}@db/celery?sslmod=require`, 'did you mean "sslmode"?'],
  [`sqla+postgresql://me:${SECRET}@db/celery?sslmode=requir`, 'did you mean "require"?'],
  [`sqla+postgresql://me:${SECRET}@db/celery?sslmode=require&sslmode=prefer`, 'given twice'],
  [`sqla+postgresql://me:${SECRET}@db/celery?host=a,b`, '"host" names several servers'],
  [`sqla+postgresql://me:${SECRET}@db/celery?sslrootcert=/no/such/file`, '/no/such/file cannot be read'],
  [`sqla+postgresql://me:${SECRET}@db/my%20queue`, '"%20" in the database\'s name'],
  [`sqla+postgresql://me:${SECRET}@db:port/celery`, '"port" is not a port'],
  [`sqla+postgresql:me:${SECRET}@db/celery`, 'not a URL such as sqla+postgresql://'],
  [`sqla+postgresql://me:${SECRET}%@db/celery`, 'the password contains a % that begins no escape'],
  [`sqla+postgresql+asyncpg://me:${SECRET}@db/celery`, 'no driver "asyncpg" for postgresql'],
  [`sqla+postgresql+psycopg3://me:${SECRET}@db/celery`, 'did you mean "psycopg2"?'],
  [`sqla+mysql://me:${SECRET}@db/celery?ssl_cert_reqs=none`, '"ssl_cert_reqs" after the "?"'],
  [`sqla+mysql+aiomysql://me:${SECRET}@db/celery`, 'no driver "aiomysql" for mysql'],
  [`sqla+mysql://me:${SECRET}@10.0.0.1/celery?ssl_verify_cert=1`, 'use a host name, or ssl_check'],
  [`sqla+mariadb://me:${SECRET}@db/celery?ssl_disabled=maybe`, 'ssl_disabled is "maybe"; allowed'],
])('%s is rejected with a reason that does not contain the password', (url, reason) => {
  expect(() => normalizeSqlUrl(url)).toThrow(ConfigError);
  expect(() => normalizeSqlUrl(url)).toThrow(reason);
  expect(() => normalizeSqlUrl(url)).not.toThrow(SECRET);
});

test.each([
  ['sqla+postgresql://me:a@db/q', 'sqla+postgresql+psycopg2://me:b@db:5432/q?sslmode=require', true],
  ['sqla+postgresql://me@localhost/q', 'sqla+postgresql://me@127.0.0.1/q', true],
  ['sqla+postgresql://me@db/q', 'sqla+postgresql://you@db/q', false],
  ['sqla+postgresql://me@db/q', 'sqla+postgresql://me@db/q?options=-csearch_path=x', false],
  ['sqla+mysql://me@db/q', 'sqla+mariadb+pymysql://me:pw@db/q', true],
  ['sqla+mysql://me@db/q', 'sqla+mysql://me@db/r', false],
  ['sqla+mysql://me@db/q', 'sqla+postgresql://me@db/q', false],
])('%s and %s are one store location: %s', (a, b, same) => {
  expect(normalizeSqlUrl(a) === normalizeSqlUrl(b)).toBe(same);
});

test.each([
  ['sqla+mysql://', 'mysql://127.0.0.1:3306/'],
  ['sqla+mysql://localhost/q', 'mysql://127.0.0.1:3306/q'],
  ['sqla+mysql://me:pw@db:3307/q', 'mysql://me@db:3307/q'],
  ['sqla+mysql:///q?unix_socket=/run/m.sock', 'mysql://[/run/m.sock]/q'],
  ['sqla+postgresql://localhost', 'postgresql://127.0.0.1:5432/'],
  ['sqla+postgresql://?port=1', 'postgresql://127.0.0.1:1/'],
  ['sqla+postgresql://me:pw@db:5433/q', 'postgresql://me@db:5433/q'],
  ['sqla+postgresql://me@/q?host=/run/pg', 'postgresql://me@[/run/pg]:5432/q'],
  ['sqla+postgresql://db/q?options=-cx%3Dy', 'postgresql://db:5432/q?options=-cx=y'],
])('%s is the store location %s', (url, location) => {
  expect(normalizeSqlUrl(url)).toBe(location);
});

const LIBPQ = [
  ...['application_name', 'fallback_application_name', 'client_encoding', 'connect_timeout'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count'],
  ...['tcp_user_timeout', 'gssencmode', 'channel_binding', 'sslcompression'],
];
const MYSQL_DRIVERS = [
  ...['charset', 'collation', 'use_unicode', 'binary_prefix', 'local_infile', 'autocommit'],
  ...['connect_timeout', 'connection_timeout', 'read_timeout', 'write_timeout', 'compress'],
  ...['ssl_cipher', 'auth_plugin', 'program_name', 'use_pure', 'buffered'],
];

test.each([...LIBPQ.map((name) => ['sqla+postgresql', name]), ...MYSQL_DRIVERS.map((name) => ['sqla+mysql', name])])(
  '%s URL: %s is accepted, which only the workers use',
  (scheme, name) => {
    expect(normalizeSqlUrl(`${scheme}://me@db/q?${name}=1`)).toBe(normalizeSqlUrl(`${scheme}://me@db/q`));
  },
);

test.each([
  ...['psycopg2', 'psycopg', 'psycopg2cffi', 'pg8000'].map((name) => `postgresql+${name}`),
  ...['mysqldb', 'pymysql', 'mysqlconnector', 'cymysql'].map((name) => `mysql+${name}`),
  'mariadb+mariadbconnector',
])('sqla+%s is a dialect and driver of SQLAlchemy that beat accepts', (dialect) => {
  expect(normalizeSqlUrl(`sqla+${dialect}://db/q`)).toContain('db:');
});

test('postgresql URL: a parameter replaces the same part of the address', () => {
  const parts = 'host=other&port=5439&user=you&password=theirs&dbname=jobs';
  expect(postgresAddress(`sqla+postgresql://me:mine@db:5433/celery?${parts}`)).toMatchObject({
    host: 'other',
    port: 5439,
    user: 'you',
    password: 'theirs',
    database: 'jobs',
  });
  expect(() => postgresAddress('sqla+postgresql://db/q?port=x')).toThrow('the port is not a number');
});

test.each([
  ['mysql', mysqlDialect],
  ['postgresql', postgresDialect],
])('%s: the password is masked in what the server sends back, encoded and decoded', (dialect, server) => {
  const parameter = dialect === 'mysql' ? 'program_name' : 'application_name';
  const url = `sqla+${dialect}://me:sesame%2Fopen@db/q?${parameter}=beat@home`;
  const { mask } = server(parseEndpoint(url), 1_000, systemClock);
  expect(mask('no user me with sesame/open')).toBe('no user me with **');
});
