import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { TlsSettings } from '../../src/broker/tls.ts';
import { DEFAULT_TRANSPORT, type SentinelLogin } from '../../src/broker/connection-settings.ts';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { Store } from '../../src/store/store.ts';
import { certificate, RedisServer } from '../support/redis.ts';
import { MASTER, Sentinels } from '../support/sentinels.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './place.ts';

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

  test('speaks to a server whose certificate it knows', async () => {
    expect(await load('localhost', `ssl_ca_certs=${certificate}`)).toEqual(new Map());
  });

  test('does not speak to a server whose certificate nobody it knows has signed', async () => {
    await expect(load('localhost', '')).rejects.toThrow(/ledger\.load: .*self-signed certificate/);
  });

  test('does not speak to a server under a name that its certificate does not bear', async () => {
    const query = `ssl_ca_certs=${certificate}`;
    await expect(load('127.0.0.1', query)).rejects.toThrow(
      /ledger\.load: .*altnames.*; "ssl_check_hostname: false" in brokerUseSsl/,
    );
  });

  test('speaks to it under another name when told not to look at the name', async () => {
    const query = `ssl_ca_certs=${certificate}&ssl_check_hostname=false`;
    expect(await load('127.0.0.1', query)).toEqual(new Map());
  });

  test('speaks to anybody when told to', async () => {
    expect(await load('127.0.0.1', 'ssl_cert_reqs=none')).toEqual(new Map());
  });

  test('encrypts what redis:// leads to when broker_use_ssl or the URL says how', async () => {
    const url = `redis://localhost:${server.port}/1`;
    expect(await open(url, { caCerts: certificate })).toEqual(new Map());
    await store.close();
    expect(await open(`${url}?ssl_ca_certs=${certificate}`)).toEqual(new Map());
    await store.close();
    await expect(open(url, {})).rejects.toThrow(/self-signed certificate/);
  });

  test('looks for another name in the certificate when told which', async () => {
    const tls = { caCerts: certificate, serverHostname: 'localhost' };
    expect(await open(`rediss://127.0.0.1:${server.port}`, tls)).toEqual(new Map());
  });

  test('a file that is not there is told with the setting that names it', () => {
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

  test('both they and the master that they name are spoken to as each is to be', async () => {
    expect(await open(trust, { ssl: true, tls: trust })).toEqual(new Map());
  });

  test('what is said of the one is not believed of the other', async () => {
    await expect(open(trust, { ssl: true })).rejects.toThrow(/failed to connect to sentinel/);
    await store?.close();
    await expect(open({}, { ssl: true, tls: trust })).rejects.toThrow(/self-signed certificate/);
  });
});
