import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { ConfigError } from '../errors.ts';

/** Celery's users may leave the host out, also after a password; URL's rules forbid that. */
const NO_HOST = /^([a-z+]+:\/\/(?:[^/?#]*@)?)(?=:\d+(?:[/?#]|$)|[/?#]|$)/i;

/**
 * A broker's URL taken apart; without a host it leads to this one. Throws a `ConfigError` for what is
 * none; its words leave the URL out, which may hold a password.
 */
export function parseUrl(brokerUrl: string): URL {
  const whole = brokerUrl.replace(NO_HOST, '$1127.0.0.1');
  if (URL.canParse(whole)) return new URL(whole);
  throw wrongUrl(
    'not a URL; in a password "/", "#", "?" and "%" are written %2F, %23, %3F and %25',
  );
}

/** Without the brackets around an IPv6 address. */
export function hostOf(url: URL): string {
  return decoded(url.hostname, 'host').replace(/^\[|\]$/g, '');
}

/** What a TLS connection is made with. */
export type Tls = Pick<
  TlsOptions,
  'rejectUnauthorized' | 'servername' | 'checkServerIdentity' | 'ca' | 'cert' | 'key'
>;

const CERT_REQS = ['required', 'optional', 'none'];
const SSL = ['ssl_cert_reqs', 'ssl_ca_certs', 'ssl_certfile', 'ssl_keyfile', 'ssl_check_hostname'];

/**
 * kombu's `ssl_*` parameters. Unlike kombu, which then trusts anybody, a URL without any of them has
 * the server's certificate verified.
 */
export function tlsOf(url: URL): Tls {
  const query = url.searchParams;
  const unknown = [...query.keys()].find((key) => key.startsWith('ssl_') && !SSL.includes(key));
  if (unknown) throw wrongUrl(`unknown parameter "${unknown}"; allowed: ${SSL.join(', ')}`);

  const reqs = (query.get('ssl_cert_reqs') ?? 'required').toLowerCase().replace(/^cert_/, '');
  if (!CERT_REQS.includes(reqs)) {
    throw wrongUrl(`ssl_cert_reqs is "${reqs}"; allowed: ${CERT_REQS.join(', ')}`);
  }
  const checkHostname = query.get('ssl_check_hostname')?.toLowerCase() ?? 'true';
  const name = hostOf(url);
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

function file(option: 'ca' | 'cert' | 'key', path: string | null): Tls {
  if (path === null) return {};
  try {
    return { [option]: readFileSync(path) };
  } catch (cause) {
    throw wrongUrl(`${path} cannot be read: ${(cause as Error).message}`);
  }
}

/** A part of the URL with its escapes undone. */
export function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrongUrl(`the ${part} holds a "%" that begins no escape; a "%" itself is written %25`);
  }
}

export function wrongUrl(message: string): ConfigError {
  return new ConfigError([{ path: ['brokerUrl'], message }]);
}
