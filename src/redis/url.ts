import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import { ConfigError } from '../errors.ts';

export type Address = Pick<
  RedisOptions,
  'host' | 'port' | 'path' | 'tls' | 'username' | 'password' | 'db'
>;

/** Celery's users may leave the host out, also after a password; URL's rules forbid that. */
const NO_HOST = /^([a-z+]+:\/\/(?:[^/?#]*@)?)(?=:\d+(?:[/?#]|$)|[/?#]|$)/i;

/**
 * Where a broker URL leads, in the spellings that Celery's users know:
 * `redis://user:password@host:6379/0`, `rediss://…?ssl_ca_certs=/path`,
 * `redis+socket:///path?virtual_host=0`, `unix:///path?db=0`. Throws a `ConfigError` where it leads
 * nowhere; its words leave the URL out, which may hold a password.
 */
export function addressOf(brokerUrl: string, defaultPort = 6379): Address {
  const whole = brokerUrl.replace(NO_HOST, '$1127.0.0.1');
  if (!URL.canParse(whole)) {
    throw wrong('not a URL; in a password "/", "#", "?" and "%" are written %2F, %23, %3F and %25');
  }
  const url = new URL(whole);
  const socket = url.protocol === 'redis+socket:' || url.protocol === 'unix:';
  const query = url.searchParams;
  const path = decoded(url.pathname, 'path');
  const database =
    query.get('virtual_host') ?? query.get('db') ?? (socket ? '' : path.replace(/^\//, ''));
  return {
    ...(socket ? { path } : tcp(url, defaultPort)),
    ...(url.protocol === 'rediss:' ? { tls: tlsOf(query, url.hostname) } : {}),
    ...(url.username === '' ? {} : { username: decoded(url.username, 'user') }),
    ...(url.password === '' ? {} : { password: decoded(url.password, 'password') }),
    db: databaseOf(database),
  };
}

function tcp(url: URL, defaultPort: number): Address {
  return {
    host: decoded(url.hostname, 'host').replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPort : Number(url.port),
  };
}

function databaseOf(text: string): number {
  const number = text.replace(/^\//, '');
  if (!/^\d*$/.test(number)) {
    throw wrong(`"${number}" is no database; allowed is a number, as in redis://host:6379/0`);
  }
  return Number(number);
}

const CERT_REQS = ['required', 'optional', 'none'];
const SSL = ['ssl_cert_reqs', 'ssl_ca_certs', 'ssl_certfile', 'ssl_keyfile', 'ssl_check_hostname'];

/**
 * kombu's `ssl_*` parameters. Unlike kombu, which then trusts anybody, a URL without any of them has
 * the server's certificate verified.
 */
function tlsOf(query: URLSearchParams, host: string): TlsOptions {
  const unknown = [...query.keys()].find((key) => key.startsWith('ssl_') && !SSL.includes(key));
  if (unknown) throw wrong(`unknown parameter "${unknown}"; allowed: ${SSL.join(', ')}`);

  const reqs = (query.get('ssl_cert_reqs') ?? 'required').toLowerCase().replace(/^cert_/, '');
  if (!CERT_REQS.includes(reqs)) {
    throw wrong(`ssl_cert_reqs is "${reqs}"; allowed: ${CERT_REQS.join(', ')}`);
  }
  const checkHostname = query.get('ssl_check_hostname')?.toLowerCase() ?? 'true';
  const name = host.replace(/^\[|\]$/g, '');
  return {
    rejectUnauthorized: reqs !== 'none',
    ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }),
    ...(['false', '0', 'no'].includes(checkHostname)
      ? { checkServerIdentity: () => undefined }
      : {}),
    ...file('ca', query.get('ssl_ca_certs')),
    ...file('cert', query.get('ssl_certfile')),
    ...file('key', query.get('ssl_keyfile')),
  };
}

function file(option: 'ca' | 'cert' | 'key', path: string | null): TlsOptions {
  if (path === null) return {};
  try {
    return { [option]: readFileSync(path) };
  } catch (cause) {
    throw wrong(`${path} cannot be read: ${(cause as Error).message}`);
  }
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`the ${part} holds a "%" that begins no escape; a "%" itself is written %25`);
  }
}

function wrong(message: string): ConfigError {
  return new ConfigError([{ path: ['brokerUrl'], message }]);
}
