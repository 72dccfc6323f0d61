import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../../../src/broker/connection-settings.ts';
import { Connection } from '../../../../src/drivers/redis/connection.ts';
import { FakeServer, http } from '../../../support/fake-server.ts';
import { Folder } from '../../../support/folder.ts';

const connections: Connection[] = [];
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
});

function connect(url: string): Connection {
  const transport = DEFAULT_TRANSPORT;
  const connection = new Connection({ url, transport, name: 'test', timeout: 5_000 });
  connections.push(connection);
  return connection;
}

const ask = (url: string) => connect(url).run('test', (client) => client.get('key'));

test('redis: a server that does not speak Redis is named by host and port', async () => {
  await using server = await FakeServer.start(http);
  await expect(ask(`redis://127.0.0.1:${server.port}/0`)).rejects.toThrow(
    `the server at 127.0.0.1:${server.port} does not speak Redis: it sent "HTTP/1.1 400`,
  );
});

test('redis: a server behind a socket that does not speak Redis is named by its path', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'redis.sock');
  await using server = createServer((socket) => {
    socket.on('error', () => {}).resume();
    http(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  await expect(ask(`redis+socket://${path}`)).rejects.toThrow(
    `the server at ${path} does not speak Redis: it sent "HTTP/1.1 400`,
  );
});
