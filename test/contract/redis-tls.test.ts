import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  DEFAULT_TRANSPORT,
  type SentinelLogin,
  type TlsSettings,
} from '../../src/contracts/broker/connection-settings.ts';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { certificate, RedisServer } from '../support/redis.ts';
import { MASTER, Sentinels } from '../support/sentinels.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'rediss', () => {
  let server: RedisServer;
  let store: Store;

  const open = (url: string, tls: TlsSettings | null = null) => {
    store = openRedisStore(storeOptions(url, { tls }));
    return store.ledger.load();
  };
  const load = (host: string, query: string) => open(`rediss://${host}:${server.port}/1?${query}`);

  beforeAll(async () => {
    server = await RedisServer.start({ tls: true });
  });
  afterAll(() => server.stop());
  afterEach(() => store.close());

  test('accepts a certificate of a configured authority', async () => {
    expect(await load('localhost', `ssl_ca_certs=${certificate}`)).toEqual(new Map());
  });

  test('rejects a certificate of an unknown authority', async () => {
    await expect(load('localhost', '')).rejects.toThrow(/ledger\.load: .*self-signed certificate/);
  });

  test('rejects a certificate for another host name', async () => {
    const query = `ssl_ca_certs=${certificate}`;
    await expect(load('127.0.0.1', query)).rejects.toThrow(
      /ledger\.load: .*altnames.*; "ssl_check_hostname: false" in brokerUseSsl/,
    );
  });

  test('accepts another host name with ssl_check_hostname=false', async () => {
    const query = `ssl_ca_certs=${certificate}&ssl_check_hostname=false`;
    expect(await load('127.0.0.1', query)).toEqual(new Map());
  });

  test('accepts any certificate with ssl_cert_reqs=none', async () => {
    expect(await load('127.0.0.1', 'ssl_cert_reqs=none')).toEqual(new Map());
  });

  test('encrypts redis:// with broker_use_ssl or TLS options in the URL', async () => {
    const url = `redis://localhost:${server.port}/1`;
    expect(await open(url, { caCerts: certificate })).toEqual(new Map());
    await store.close();
    expect(await open(`${url}?ssl_ca_certs=${certificate}`)).toEqual(new Map());
    await store.close();
    await expect(open(url, {})).rejects.toThrow(/self-signed certificate/);
  });

  test('checks the certificate for a configured server name', async () => {
    const tls = { caCerts: certificate, serverHostname: 'localhost' };
    expect(await open(`rediss://127.0.0.1:${server.port}`, tls)).toEqual(new Map());
  });

  test('reports a missing file with its setting', () => {
    const opening = () => openRedisStore(storeOptions(server.url(), { tls: { caCerts: '/none' } }));
    expect(opening).toThrow(/^brokerUseSsl: \/none cannot be read/);
  });
});

describe.skipIf(missing)(missing || 'sentinels over TLS', () => {
  let sentinels: Sentinels;
  let store: Store | undefined;

  const open = (tls: TlsSettings | null, sentinelKwargs: SentinelLogin) => {
    const transport = { ...DEFAULT_TRANSPORT, masterName: MASTER, sentinelKwargs };
    store = openRedisStore(storeOptions(sentinels.url(), { tls, transport }));
    return store.ledger.load();
  };
  const trust: TlsSettings = { caCerts: certificate, serverHostname: 'localhost' };

  beforeAll(async () => void (sentinels = await Sentinels.start({ tls: true })));
  afterAll(() => sentinels[Symbol.asyncDispose]());
  afterEach(() => store?.close());

  test('sentinels and master each use their own TLS settings', async () => {
    expect(await open(trust, { ssl: true, tls: trust })).toEqual(new Map());
  });

  test('TLS settings of sentinels do not apply to the master, nor the reverse', async () => {
    await expect(open(trust, { ssl: true })).rejects.toThrow(/failed to connect to sentinel/);
    await store?.close();
    await expect(open({}, { ssl: true, tls: trust })).rejects.toThrow(/self-signed certificate/);
  });
});
