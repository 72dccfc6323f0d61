import { errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { tlsInQuery, tlsWith, type Tls, type TlsSettings } from './tls.ts';

/** Celery's users may leave the host out, also after a password; URL's rules forbid that. */
const NO_HOST = /^([a-z+]+:\/\/(?:[^/?#]*@)?)(?=:\d+(?:[/?#]|$)|[/?#]|$)/i;

/**
 * The URL of an AMQP server, a Redis or a sentinel taken apart; without a host it leads to this one. Throws
 * a `ConfigError` for what is none; its words leave the URL out, which may hold a password.
 */
export function parseUrl(brokerUrl: string, parameters: readonly string[]): URL {
  const whole = brokerUrl.replace(NO_HOST, '$1127.0.0.1');
  if (!URL.canParse(whole)) {
    throw wrongUrl(
      'not a URL; in a password "/", "#", "?" and "%" are written %2F, %23, %3F and %25',
    );
  }
  const url = new URL(whole);
  for (const key of url.searchParams.keys()) {
    if (key.startsWith('ssl_') || parameters.includes(key)) continue;
    const allowed = [...parameters, 'ssl_cert_reqs', 'ssl_ca_certs'];
    throw wrongUrl(
      `unknown parameter "${key}"; allowed: ${allowed.join(', ')} and other ssl_…` +
        didYouMean(key, allowed),
    );
  }
  return url;
}

/** What is wrong with such a URL; `null` for nothing that can be seen without looking at files. */
export function troubleWith(brokerUrl: string, parameters: readonly string[]): string | null {
  try {
    reading(brokerUrl, () => tlsInQuery(parseUrl(brokerUrl, parameters).searchParams, wrongUrl));
    return null;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.errors[0]!.message;
  }
}

/** Without the brackets around an IPv6 address. */
export function hostOf(url: URL): string {
  return decoded(url.hostname, 'host').replace(/^\[|\]$/g, '');
}

/**
 * What the connection to a host is encrypted with; `null` for one in the clear. It is encrypted if the
 * scheme is `secure`, or anything of it is said: in the URL, which has the last word, or beside it, by
 * `broker_use_ssl`.
 */
export function tlsOf(
  url: URL,
  secure: boolean,
  beside: TlsSettings | null,
  host: string | null = hostOf(url),
): Tls | null {
  const inUrl = tlsInQuery(url.searchParams, wrongUrl);
  if (!secure && !inUrl && !beside) return null;
  const setting = beside && !inUrl ? 'brokerUseSsl' : 'brokerUrl';
  return tlsWith({ ...beside, ...inUrl }, host, setting);
}

/** A part of the URL with its escapes undone. */
export function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrongUrl(`the ${part} holds a "%" that begins no escape; a "%" itself is written %25`);
  }
}

/**
 * What `read` makes of a URL. Where an `@` stands behind the host, a `/`, `?` or `#` in the password was not
 * escaped, and what was taken for a path or a parameter may be a piece of it: no error shows those then.
 */
export function reading<T>(url: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const [, rest] = /^[a-z0-9+.-]+:\/\/(.*)$/is.exec(url) ?? [];
    const isSplit = rest === undefined ? url.includes('@') : /^[^/?#]*[/?#].*@/s.test(rest);
    if (!(error instanceof ConfigError) || !isSplit) throw error;
    const way = 'in a user or password "/", "?" and "#" are written %2F, %3F and %23';
    throw new ConfigError(
      error.errors.map((each) => ({
        ...each,
        message: `${each.message.replace(/"[^"]*"/g, '"**"')}; ${way}`,
      })),
    );
  }
}

export function wrongUrl(message: string): ConfigError {
  return new ConfigError([errorAt(['brokerUrl'], message)]);
}
