import { decoded, hostOf, parseUrl, tlsOf, type Tls } from '../broker/url.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  /** `null` for a connection in the clear. */
  readonly tls: Tls | null;
}

/**
 * Where an AMQP URL leads, by kombu's rules: `amqp://user:password@host:5672/vhost`, `pyamqp://` for the
 * same, `amqps://…?ssl_ca_certs=/path`. What follows the first slash is the vhost, so that `//` is the
 * vhost `/`, and so is none at all. Without a user it is RabbitMQ's `guest`. Throws a `ConfigError` where
 * it leads nowhere; its words leave the URL out, which may hold a password.
 */
export function addressOf(brokerUrl: string): Address {
  const url = parseUrl(brokerUrl);
  const secure = url.protocol === 'amqps:';
  const anonymous = url.username === '' && url.password === '';
  return {
    host: hostOf(url),
    port: url.port === '' ? (secure ? 5671 : 5672) : Number(url.port),
    username: anonymous ? 'guest' : decoded(url.username, 'user'),
    password: anonymous ? 'guest' : decoded(url.password, 'password'),
    vhost: decoded(url.pathname.slice(1), 'vhost') || '/',
    tls: secure ? tlsOf(url) : null,
  };
}
