import { AMQP_PARAMETERS, type ServerUrl } from '../../contracts/broker/server-url.ts';
import type { Tls } from '../connection/tls.ts';
import { decodePart, readHost, parseUrl, withSafeErrors, readTls, urlError } from '../connection/url.ts';
import { LOGIN_METHODS, type LoginMethod, type TlsSettings } from '../../contracts/broker/connection-settings.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  /** `null` for a connection without encryption. */
  readonly tls: Tls | null;
  /** The login method; `null` if the URL does not set it. */
  readonly login: LoginMethod | null;
  /** Milliseconds, as in `ConnectionSettings`; `null` if the URL does not set them. */
  readonly heartbeat: number | null;
  readonly timeout: number | null;
}

/**
 * Parses an AMQP URL by kombu's rules: `amqp://user:password@host:5672/vhost`, also with `pyamqp://` or
 * `librabbitmq://`, and `amqps://…?ssl_ca_certs=/path&heartbeat=20`. The vhost follows the first slash, so `//`
 * names the vhost `/`, which is also the default. The default user is RabbitMQ's `guest`. Throws a `ConfigError`
 * for an invalid URL; its text does not contain the URL, which may include a password.
 */
export function parseAmqpUrl(server: ServerUrl, tlsSettings: TlsSettings | null = null): Address {
  return withSafeErrors(server.url, () => {
    const url = parseUrl(server.url, AMQP_PARAMETERS);
    const query = url.searchParams;
    const tls = readTls(url, server.variant.tls === true, tlsSettings);
    const path = decodePart(url.pathname.slice(1), 'vhost');
    const anonymous = url.username === '' && url.password === '';
    return {
      host: readHost(url),
      port: url.port === '' ? (tls ? 5671 : 5672) : Number(url.port),
      username: anonymous ? 'guest' : decodePart(url.username, 'user'),
      password: anonymous ? 'guest' : decodePart(url.password, 'password'),
      vhost: path !== '' ? path : (query.get('virtual_host') ?? '/'),
      tls,
      login: readLogin(query.get('login_method')),
      heartbeat: readSeconds(query, 'heartbeat', /^\d{1,5}$/),
      timeout: readSeconds(query, 'connect_timeout', /^(?!0*\.?0*$)\d*\.?\d+$/),
    };
  });
}

function readLogin(method: string | null): LoginMethod | null {
  const known = LOGIN_METHODS.find((name) => name === method);
  if (method !== null && !known) throw urlError(`login_method is "${method}"; allowed: ${LOGIN_METHODS.join(', ')}`);
  return known ?? null;
}

function readSeconds(query: URLSearchParams, name: string, form: RegExp): number | null {
  const text = query.get(name);
  if (text === null) return null;
  if (!form.test(text)) throw urlError(`${name} is "${text}"; allowed: a number of seconds`);
  return Number(text) * 1_000;
}
