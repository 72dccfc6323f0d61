import { errorAt } from '../../util/diagnostic.ts';
import { configErrors, ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { TlsSettings } from '../../contracts/broker/connection-settings.ts';
import { readTlsQuery, createTls, type Tls } from './tls.ts';

/** A URL without a host, also after a password: Celery accepts it, the class `URL` does not. */
const NO_HOST = /^([a-z+]+:\/\/(?:[^/?#]*@)?)(?=:\d+(?:[/?#]|$)|[/?#]|$)/i;

/** Which characters of a URL must be escaped, for messages. The text has no quotes: see `withSafeErrors`. */
const ESCAPES = 'in a user name or password, write %2F for /, %3F for ?, %23 for # and %25 for %';

/**
 * Parses the URL of an AMQP server, Redis, a sentinel or SQS; the default host is 127.0.0.1. Throws a `ConfigError` for an
 * invalid URL; its text does not contain the URL, which may include a password.
 */
export function parseUrl(brokerUrl: string, parameters: readonly string[]): URL {
  const whole = brokerUrl.replace(NO_HOST, '$1127.0.0.1');
  if (!URL.canParse(whole)) throw urlError(`not a URL; ${ESCAPES}`);
  const url = new URL(whole);
  for (const key of url.searchParams.keys()) {
    if (parameters.length === 0) throw urlError(`unknown parameter "${key}"; set brokerTransportOptions instead`);
    if (key.startsWith('ssl_') || parameters.includes(key)) continue;
    const allowed = [...parameters, 'ssl_cert_reqs', 'ssl_ca_certs'];
    throw urlError(
      `unknown parameter "${key}"; allowed: ${allowed.join(', ')} and other ssl_…` + didYouMean(key, allowed),
    );
  }
  return url;
}

/** The first error of a URL of these servers; `null` if it is valid, apart from the files that it names. */
export function findUrlError(brokerUrl: string, parameters: readonly string[]): string | null {
  const check = () => readTlsQuery(parseUrl(brokerUrl, parameters).searchParams, urlError);
  return configErrors(() => withSafeErrors(brokerUrl, check))[0]?.message ?? null;
}

/** The host of a URL, without the brackets of an IPv6 address. */
export function readHost(url: URL): string {
  return decodePart(url.hostname, 'host').replace(/^\[|\]$/g, '');
}

/**
 * The TLS options of a connection; `null` without encryption. A connection is encrypted if the scheme is `secure` or
 * if TLS is configured: in the URL, which takes precedence, or by `broker_use_ssl`.
 */
export function readTls(
  url: URL,
  secure: boolean,
  settings: TlsSettings | null,
  host: string | null = readHost(url),
): Tls | null {
  const inUrl = readTlsQuery(url.searchParams, urlError);
  if (!secure && !inUrl && !settings) return null;
  return createTls({ ...settings, ...inUrl }, host, settings && !inUrl ? 'brokerUseSsl' : 'brokerUrl');
}

export function decodePart(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw urlError(`the ${part} contains a % that begins no escape; write %25 for %`);
  }
}

/**
 * Returns the result of `read`, and masks quoted values in its errors if they may contain a part of the password: an
 * `@` after the host means that a `/`, `?` or `#` in the password was not escaped.
 */
export function withSafeErrors<T>(url: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const [, rest] = /^[a-z0-9+.-]+:\/\/(.*)$/is.exec(url) ?? [];
    const isSplit = rest === undefined ? url.includes('@') : /^[^/?#]*[/?#].*@/s.test(rest);
    if (!(error instanceof ConfigError) || !isSplit) throw error;
    const mask = (message: string) => {
      const masked = message.replace(/"[^"]*"/g, '"**"');
      return masked.endsWith(ESCAPES) ? masked : `${masked}; ${ESCAPES}`;
    };
    throw new ConfigError(error.errors.map((each) => ({ ...each, message: mask(each.message) })));
  }
}

export function urlError(message: string): ConfigError {
  return new ConfigError([errorAt(['brokerUrl'], message)]);
}
