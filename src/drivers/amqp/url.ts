import { AMQP_PARAMETERS } from '../../broker/url-parameters.ts';
import type { TlsSettings, Tls } from '../../broker/tls.ts';
import { decoded, hostOf, parseUrl, reading, tlsOf, wrongUrl } from '../../broker/url.ts';
import { LOGIN_METHODS, type LoginMethod } from '../../broker/connection-settings.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  /** `null` for a connection in the clear. */
  readonly tls: Tls | null;
  /** How to log in; `null` where the URL does not say it. */
  readonly login: LoginMethod | null;
  /** Milliseconds, as `ConnectionSettings` has them; `null` where the URL does not say it. */
  readonly heartbeat: number | null;
  readonly timeout: number | null;
}

/**
 * Where an AMQP URL leads, by kombu's rules: `amqp://user:password@host:5672/vhost`, `pyamqp://` and
 * `librabbitmq://` for the same, `amqps://…?ssl_ca_certs=/path&heartbeat=20`. What follows the first slash
 * is the vhost, so that `//` is the vhost `/`, and so is none at all. Without a user it is RabbitMQ's
 * `guest`. Throws a `ConfigError` where it leads nowhere; its words leave the URL out, which may hold a
 * password.
 */
export function addressOf(brokerUrl: string, beside: TlsSettings | null = null): Address {
  return reading(brokerUrl, () => readAddress(brokerUrl, beside));
}

function readAddress(brokerUrl: string, beside: TlsSettings | null): Address {
  const url = parseUrl(brokerUrl, AMQP_PARAMETERS);
  const query = url.searchParams;
  const tls = tlsOf(url, url.protocol === 'amqps:', beside);
  const anonymous = url.username === '' && url.password === '';
  return {
    host: hostOf(url),
    port: url.port === '' ? (tls ? 5671 : 5672) : Number(url.port),
    username: anonymous ? 'guest' : decoded(url.username, 'user'),
    password: anonymous ? 'guest' : decoded(url.password, 'password'),
    vhost: vhostOf(url),
    tls,
    login: loginOf(query.get('login_method')),
    heartbeat: secondsOf(query, 'heartbeat', /^\d{1,5}$/),
    timeout: secondsOf(query, 'connect_timeout', /^(?!0*\.?0*$)\d*\.?\d+$/),
  };
}

function vhostOf(url: URL): string {
  const path = decoded(url.pathname.slice(1), 'vhost');
  return path !== '' ? path : (url.searchParams.get('virtual_host') ?? '/');
}

function loginOf(method: string | null): LoginMethod | null {
  const known = LOGIN_METHODS.find((name) => name === method);
  if (method !== null && !known) {
    throw wrongUrl(`login_method is "${method}"; allowed: ${LOGIN_METHODS.join(', ')}`);
  }
  return known ?? null;
}

function secondsOf(query: URLSearchParams, name: string, form: RegExp): number | null {
  const text = query.get(name);
  if (text === null) return null;
  if (!form.test(text)) throw wrongUrl(`${name} is "${text}"; allowed is a number of seconds`);
  return Number(text) * 1_000;
}
