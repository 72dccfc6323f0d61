import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../src/leader/outbox/open-store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { answer, injectAfter, FakeServer, type Behaviour } from '../support/fake-server.ts';
import { makeFirstRun } from '../support/change.ts';
import { MariaServer } from '../support/mariadb.ts';
import { makeMessage } from '../support/message.ts';
import { PostgresServer } from '../support/postgres.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

/** Uses a store as beat does; every outcome is valid, a failure too. */
async function use(store: Store): Promise<string[]> {
  const failures: string[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      failures.push((error as Error).message);
      return undefined;
    }
  };
  const lease = await attempt(() => store.lock.acquire());
  const term = await attempt(() => store.ledger.beginTerm());
  await attempt(() => store.ledger.load());
  await attempt(() => store.ledger.commit({ token: term ?? 1, changes: [makeFirstRun('a')] }));
  await attempt(() => store.broker.publish([makeMessage('b')]));
  await attempt(async () => lease?.renew());
  await attempt(async () => store.checkHealth?.());
  const waiting = new AbortController();
  const released = store.lock.waitForRelease(waiting.signal);
  await attempt(async () => lease?.release());
  waiting.abort();
  await released;
  return failures;
}

const QUICK = { socketTimeout: 300, socketConnectTimeout: 300 };

function openAt(url: string): Promise<Store> {
  const options = storeOptions(url);
  return openStore({
    ...options,
    state: parseEndpoint(url.startsWith('amqp') ? 'memory://' : url),
    transport: { ...options.transport, ...QUICK },
    connection: { ...options.connection, timeout: 300 },
  });
}

const garbage = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  // What comes close to a protocol reaches more of a parser than noise does.
  fc
    .array(
      fc.constantFrom(
        ...['$-1\r\n', '*-1\r\n', '*0\r\n', '+OK\r\n', '-ERR no\r\n', ':1\r\n', '*2\r\n', '$3\r\nabc\r\n'],
        ...['*3\r\n$9\r\nsubscribe\r\n', '*1\r\n$7\r\nmessage\r\n', '$-1\r\n$-1\r\n', '>1\r\n', '_\r\n'],
        ...['T\0\0\0\x06\0\0', 'D\0\0\0\x06\0\x01', 'Z\0\0\0\x05I', 'C\0\0\0\x05\0', 'R\0\0\0\x08\0\0\0\x03'],
        ...['A\0\0\0\x0a\0\0\0\0\0', 'E\0\0\0\x05\0', 'S\0\0\0\x04', 'K\0\0\0\x04', 'G\0\0\0\x04'],
        ...['\x01\0\0\x01\xff', '\x01\0\0\0\xfb', '\x05\0\0\x02\xfe\0\0\0\0', '\0\0\0\0', '\x01\0\0\x01\x05'],
        ...['\x01\0\0\0\0\0\x04\0\x0a\0\x32\xce', '\x08\0\0\0\0\0\0\xce', '\x03\0\x01\0\0\0\x01x\xce'],
        ...['\x01\0\x01\0\0\0\x04\0\x3c\0\x50\xce', '\x02\0\x01\0\0\0\x02\0\0\xce', '\x01\0\x02\0\0\0\0\xce'],
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => Buffer.from(parts.join(''), 'latin1')),
);

const SERVERS = [
  ['redis-server', 'Redis', () => RedisServer.start(), 1_000],
  ['mariadbd', 'MySQL', () => MariaServer.start(), 4_000],
  ['postgres', 'PostgreSQL', () => PostgresServer.start(), 4_000],
  ['rabbitmq-server', 'RabbitMQ', () => borrowRabbit(), 3_000],
] as const;

describe.each([...SERVERS])('%s', (service, name, start, most) => {
  const missing = requireService(service);

  describe.skipIf(missing)(missing || name, () => {
    let server: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => void (server = await start()));
    afterAll(() => server.stop());

    test('garbage at any moment fails the current request, and ends no process', async () => {
      const uncaught: unknown[] = [];
      const listener = (error: unknown) => uncaught.push(error);
      process.on('uncaughtException', listener);
      try {
        await fc.assert(
          fc.asyncProperty(garbage, fc.nat({ max: most }), async (bytes, after) => {
            const { port } = new URL(server.url().replace(/^[^:]+:/, 'http:'));
            await using wire = await FakeServer.start(injectAfter(Number(port), after, bytes));
            const store = await openAt(server.url().replace(`:${port}`, `:${wire.port}`));
            await use(store);
            await store.close();
            expect(uncaught).toEqual([]);
          }),
          { numRuns: 30, interruptAfterTimeLimit: 6_000 },
        );
      } finally {
        process.off('uncaughtException', listener);
      }
    });
  });
});

test('redis: a reply without a command ends the connection, and a new one is opened', async () => {
  const extra: Behaviour = answer((request) => {
    const commands = request.toString().match(/^\*/gm)?.length ?? 1;
    return '$-1\r\n'.repeat(commands + 1);
  });
  await using server = await FakeServer.start(extra);
  const store = await openAt(`redis://127.0.0.1:${server.port}/0`);
  const failures = await use(store);
  expect(failures[0]).toMatch(/a reply before any command/);
  await store.close();
});
