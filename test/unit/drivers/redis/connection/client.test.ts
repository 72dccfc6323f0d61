import { Redis } from 'ioredis';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../../../../src/contracts/broker/connection-settings.ts';
import { Connection } from '../../../../../src/drivers/redis/connection/connection.ts';
import { answer, FakeServer, answerAsHttp, type Behaviour } from '../../../../support/fake-server.ts';
import { Folder } from '../../../../support/folder.ts';
import { parseEndpoint } from '../../../../../src/drivers/endpoint.ts';

const connections: Connection[] = [];
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
});

function connect(url: string, timeout = 5_000): Connection {
  const transport = { ...DEFAULT_TRANSPORT, masterName: 'mymaster' };
  const connection = new Connection({ server: parseEndpoint(url), transport, name: 'test', timeout });
  connections.push(connection);
  return connection;
}

const ask = (url: string, timeout?: number) => connect(url, timeout).run('test', (client) => client.get('key'));

test('redis: the error for a server that does not speak Redis has its host and port', async () => {
  await using server = await FakeServer.start(answerAsHttp);
  await expect(ask(`redis://127.0.0.1:${server.port}/0`)).rejects.toThrow(
    `the server at 127.0.0.1:${server.port} does not speak Redis: it sent "HTTP/1.1 400`,
  );
});

test('redis: the error for a Unix socket that does not speak Redis has its path', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'redis.sock');
  await using server = createServer((socket) => {
    socket.on('error', () => {}).resume();
    answerAsHttp(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  await expect(ask(`redis+socket://${path}`)).rejects.toThrow(
    `the server at ${path} does not speak Redis: it sent "HTTP/1.1 400`,
  );
});

/** A sentinel that reports the server at `port` of this host as the master. */
function sentinel(port: number): Behaviour {
  const address = `*2\r\n$9\r\n127.0.0.1\r\n$${String(port).length}\r\n${port}\r\n`;
  return answer((request) => {
    const commands = request.toString().match(/^\*/gm)?.length ?? 1;
    const asked = /get-master-addr-by-name/i.test(request.toString());
    return '+OK\r\n'.repeat(asked ? commands - 1 : commands) + (asked ? address : '');
  });
}

test('redis: a reply of a sentinel without a command does not end the process', async () => {
  const extra: Behaviour = answer((request) => {
    const commands = request.toString().match(/^\*/gm)?.length ?? 1;
    return '$-1\r\n'.repeat(commands + 1);
  });
  await using server = await FakeServer.start(extra);
  const uncaught: unknown[] = [];
  const listener = (error: unknown) => uncaught.push(error);
  process.on('uncaughtException', listener);
  await expect(ask(`sentinel://127.0.0.1:${server.port}/0`, 500)).rejects.toThrow(
    `failed to connect to sentinel 127.0.0.1:${server.port}`,
  );
  process.off('uncaughtException', listener);
  expect(uncaught).toEqual([]);
});

test('redis: the error for a master that does not speak Redis has its name', async () => {
  await using master = await FakeServer.start(answerAsHttp);
  await using server = await FakeServer.start(sentinel(master.port));
  await expect(ask(`sentinel://127.0.0.1:${server.port}/0`)).rejects.toThrow(
    'the server at the address of the master "mymaster" does not speak Redis: it sent "HTTP/1.1',
  );
});

test('redis: the client library is patched once for any number of connections', () => {
  const internals = createRequire(import.meta.url)('ioredis/built/DataHandler.js') as {
    default: { prototype: object };
  };
  const guarded = () => Object.getOwnPropertyDescriptors(internals.default.prototype);
  connect('redis://127.0.0.1:1/0');
  const first = guarded();
  connect('redis://127.0.0.1:1/0');
  expect(guarded()).toEqual(first);
});

test('redis: an exception in a listener of an unguarded client does not close its connection', async () => {
  connect('redis://127.0.0.1:1/0');
  const message = '*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n';
  const subscribed = '*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n';
  await using server = await FakeServer.start(
    answer((request) => (/subscribe/i.test(request.toString()) ? subscribed + message : '+OK\r\n')),
  );
  const options = { port: server.port, enableReadyCheck: false, disableClientInfo: true };
  const own = new Redis({ ...options, protocol: 2, retryStrategy: () => null });
  own.on('message', () => {
    throw new Error('a fault of the listener');
  });
  let closed = false;
  own.on('close', () => (closed = true));
  const others = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[];
  process.removeAllListeners('uncaughtException');
  try {
    const thrown = once(process, 'uncaughtException');
    await own.subscribe('c');
    const [error] = (await thrown) as [Error];
    expect(error.message).toBe('a fault of the listener');
    expect(closed).toBe(false);
  } finally {
    for (const listener of others) process.on('uncaughtException', listener);
    own.disconnect();
  }
});
