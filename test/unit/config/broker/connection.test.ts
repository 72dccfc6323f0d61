import { describe, expect, test } from 'vitest';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { problemsOf } from '../support.ts';

const connectionOf = (config: object) => resolveSettings(config).connection;
const transportOf = (brokerTransportOptions: object) => resolveSettings({ brokerTransportOptions } as object).transport;

describe('the broker URL', () => {
  test('is the URL for writing if there is one, as in Celery', () => {
    const urls = { broker_url: 'amqp://a', broker_write_url: 'redis://b', broker_read_url: 'x' };
    expect(resolveSettings(urls as object)).toMatchObject({
      broker: { url: 'redis://b' },
      state: { url: 'redis://b' },
    });
  });

  test.each([
    ['broker_write_url', 'kafka://k:s@', 'broker_write_url: unsupported URL scheme "kafka" for the broker'],
    ['broker_url', 'sqs://?region=eu-west-1', 'unknown parameter "region"; set brokerTransportOptions instead'],
    ['broker_url', 'redis-sentinel://h', 'sentinels are written sentinel://host:26379/0'],
    ['broker_url', 'sentinel+ssl://h', '?ssl_cert_reqs=required or brokerUseSsl encrypts'],
    ['broker_url', 'redis-cluster://h', 'do not support Redis Cluster'],
    ['broker_url', 'SLMQ://h', 'unsupported URL scheme "slmq" for the broker (allowed: redis://'],
    ['broker_url', 'confluentkafka://h', 'kombu reads topics of Kafka as queues'],
    ['broker_url', 'valkey://h', 'write the redis:// URL of the same server'],
    ['broker_url', 'filesystem:///srv/queue?x=1', 'unknown parameter "x"'],
    ['broker_url', 'amqp://h//?heartbeats=3', 'unknown parameter "heartbeats"; allowed: heartbeat'],
    ['broker_url', 'rediss://h?ssl_cert_reqs=maybe', 'ssl_cert_reqs is "maybe"'],
    ['broker_url', 'rediss://h?ssl_cafile=/x', 'unknown parameter "ssl_cafile"; allowed: ssl_cert_reqs'],
    ['broker_url', 'redis://h/0?socket_timeout=3', 'unknown parameter "socket_timeout"'],
  ])('in %s is rejected if invalid: %s', (key, url, message) => {
    expect(problemsOf({ [key]: url }).join('\n')).toContain(message);
  });

  test.each(['librabbitmq://h//', 'pyamqp://h//', 'redis+socket:///run/r.sock?virtual_host=1'])(
    '%s is known',
    (brokerUrl) => {
      expect(resolveSettings({ brokerUrl }).broker.url).toBe(brokerUrl);
    },
  );
});

describe('broker_use_ssl', () => {
  test.each([
    [undefined, null],
    [false, null],
    [true, {}],
    [
      { ca_certs: '/ca.pem', certfile: '/c', keyfile: '/k' },
      { caCerts: '/ca.pem', certfile: '/c', keyfile: '/k' },
    ],
    [
      { ssl_ca_certs: '/ca.pem', ssl_cert_reqs: 2 },
      { caCerts: '/ca.pem', verify: true },
    ],
    [{ cert_reqs: 0 }, { verify: false }],
    [{ ssl_cert_reqs: null }, { verify: false }],
    [{ sslCertReqs: 'CERT_NONE' }, { verify: false }],
    [{ certReqs: 'ssl.CERT_REQUIRED' }, { verify: true }],
    [{ cert_reqs: 'VerifyMode.CERT_OPTIONAL' }, { verify: true }],
    [{ ssl_check_hostname: false, ssl_version: 2 }, { checkHostname: false }],
    [
      { server_hostname: 'mq.example.org', ciphers: 'HIGH' },
      { serverHostname: 'mq.example.org', ciphers: 'HIGH' },
    ],
  ])('%j is accepted', (given, tls) => {
    expect(connectionOf({ broker_use_ssl: given }).tls).toEqual(tls);
    expect(connectionOf({ BROKER_USE_SSL: given }).tls).toEqual(tls);
    expect(resolveSettings({ CELERY_REDIS_BACKEND_USE_SSL: given } as BeatConfig).results.tls).toEqual(tls);
  });

  test.each([
    ['yes', 'broker_use_ssl: expected true, false or a map'],
    [{ cert_reqs: 3 }, 'broker_use_ssl.cert_reqs: expected one of required, optional, none'],
    [{ ca_cert: '/x' }, 'broker_use_ssl.ca_cert: unknown key; did you mean'],
    [{ ca_certs: 5, keyfil: '/x' }, 'broker_use_ssl.keyfil: unknown key; did you mean'],
  ])('%j is rejected', (given, message) => {
    expect(problemsOf({ broker_use_ssl: given }).join('\n')).toContain(message);
  });

  test('causes a warning if the broker is a database, whose URL configures TLS', () => {
    const broker_url = 'sqla+postgresql+psycopg2://h/db';
    expect(problemsOf({ broker_url, broker_use_ssl: true })).toEqual([
      expect.stringMatching(/^broker_use_ssl: has no effect on PostgreSQL; write \?sslmode=/),
    ]);
    expect(problemsOf({ broker_url, broker_use_ssl: false })).toEqual([]);
  });
});

describe('settings of connections', () => {
  test.each([
    [{ broker_login_method: 'EXTERNAL' }, { login: 'EXTERNAL' }],
    [{ BROKER_LOGIN_METHOD: 'AMQPLAIN' }, { login: 'AMQPLAIN' }],
    [{}, { login: 'PLAIN', delayedType: 'quorum', tls: null }],
    [{ broker_native_delayed_delivery_queue_type: 'classic' }, { delayedType: 'classic' }],
  ])('%j are accepted', (config, connection) => {
    expect(connectionOf(config)).toMatchObject(connection);
  });

  test('with an unsupported login method are rejected', () => {
    expect(problemsOf({ broker_login_method: 'GSSAPI' })).toEqual([
      'broker_login_method: expected one of PLAIN, AMQPLAIN, EXTERNAL, got "GSSAPI"',
    ]);
  });
});

describe('broker_transport_options', () => {
  test.each([
    [{ client_name: 'nightly' }, { clientName: 'nightly' }],
    [{ client_properties: { connection_name: 'b' } }, { clientProperties: { connection_name: 'b' } }],
    [{ socket_keepalive: false }, { keepAlive: null }],
    [{ socket_keepalive: true, socket_keepalive_options: { 4: 60 } }, { keepAlive: 60_000 }],
    [{ socket_keepalive_options: { TCP_KEEPIDLE: 30, TCP_KEEPCNT: 3 } }, { keepAlive: 30_000 }],
    [{}, { keepAlive: 0, clientName: null, clientProperties: {} }],
    [
      { sentinel_kwargs: { password: 's', ssl: true, ssl_ca_certs: '/ca', socket_timeout: 0.5 } },
      { sentinelKwargs: { password: 's', ssl: true, tls: { caCerts: '/ca' }, timeout: 500 } },
    ],
  ])('%j is accepted', (options, transport) => {
    expect(transportOf(options)).toMatchObject(transport);
  });

  test('options of workers, and options for the behaviour of beat, cause no warning', () => {
    const options = {
      visibility_timeout: 3600,
      health_check_interval: 25,
      retry_on_timeout: true,
      max_connections: 10,
      max_retries: 3,
      interval_start: 0,
      unacked_restore_limit: 10,
      confirm_publish: true,
      read_timeout: 5,
      min_other_sentinels: 0,
    };
    expect(resolveSettings({ broker_transport_options: options } as object).warnings).toEqual([]);
  });

  test('options that would reduce the guarantees of beat cause a warning', () => {
    const options = { confirm_publish: false, min_other_sentinels: 2 };
    const { warnings } = resolveSettings({ broker_transport_options: options } as object);
    expect(warnings.map(({ path }) => path.at(-1))).toEqual(['confirm_publish', 'min_other_sentinels']);
  });

  test.each([
    ['sts_role_arn', "put role_arn into a profile of AWS's configuration file"],
    ['credential_provider', 'write user and password into brokerUrl'],
    ['global_key_prefix', 'unknown key; did you mean'],
  ])('%s is rejected', (key, message) => {
    const found = problemsOf({ broker_transport_options: { [key]: 'x' } });
    expect(found.join('\n')).toContain(`broker_transport_options.${key}: `);
    expect(found.join('\n')).toContain(message);
  });
});
