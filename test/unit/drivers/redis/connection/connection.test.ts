import { afterEach, expect, test, vi } from 'vitest';
import type { Socket } from 'node:net';
import { DEFAULT_TRANSPORT } from '../../../../../src/contracts/broker/connection-settings.ts';
import { Connection } from '../../../../../src/drivers/redis/connection/connection.ts';
import { closeAtOnce, FakeServer, neverAnswer } from '../../../../support/fake-server.ts';
import { parseEndpoint } from '../../../../../src/drivers/endpoint.ts';

const connections: Connection[] = [];
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
});

function connect(url: string, timeout = 5_000): Connection {
  const transport = { ...DEFAULT_TRANSPORT, masterName: 'mymaster' };
  const connection = new Connection({ server: parseEndpoint(url), transport, name: 'beat-test', timeout });
  connections.push(connection);
  return connection;
}

const get = (connection: Connection) => connection.run('test', (client) => client.get('key'));

type Reply = string | null;

/** A Redis that records every command and answers with `reply`; `null` means no answer. */
async function redis(reply: (command: readonly string[], socket: Socket) => Reply = ok) {
  const commands: string[][] = [];
  let sockets = 0;
  const server = await FakeServer.start((socket) => {
    sockets += 1;
    socket.on('data', (data: Buffer) => {
      for (const command of data
        .toString()
        .split(/^\*\d+\r\n/m)
        .slice(1)) {
        const parts = command.split('\r\n').filter((_, i) => i % 2 === 1);
        commands.push(parts);
        const answer = reply(parts, socket);
        if (answer !== null && !socket.destroyed) socket.write(answer);
      }
    });
  });
  return {
    port: server.port,
    commands,
    connections: () => sockets,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const ok = ([name]: readonly string[]): Reply => (name === 'get' ? '$-1\r\n' : '+OK\r\n');

test('redis connection: the first command opens it, preceded only by AUTH, CLIENT SETNAME and SELECT', async () => {
  await using server = await redis();
  const connection = connect(`redis://user:pw@127.0.0.1:${server.port}/3`);
  expect(connection.client.status).toBe('wait');
  await get(connection);
  const lines = server.commands.map((command) => command.join(' ').toLowerCase());
  expect(lines.toSorted()).toEqual(['auth user pw', 'client setname beat-test', 'get key', 'select 3']);
});

test('redis connection: a command whose answer was lost with the connection is not sent again', async () => {
  let lost = 0;
  await using server = await redis((command, socket) => {
    if (command[0] !== 'get' || lost > 0) return ok(command);
    lost += 1;
    socket.destroy();
    return null;
  });
  const connection = connect(`redis://127.0.0.1:${server.port}/0`);
  await expect(get(connection)).rejects.toThrow('test: no connection to Redis');
  await vi.waitFor(() => connection.run('test', (client) => client.echo('hello')), 10_000);
  const names = server.commands.map(([name]) => name);
  expect(names.filter((name) => name === 'get')).toHaveLength(1);
  expect(names).toContain('echo');
});

test('redis connection: a new connection replaces one on which a command timed out', async () => {
  let silent = true;
  await using server = await redis((command) => {
    return command[0] === 'get' && silent ? null : ok(command);
  });
  const connection = connect(`redis://127.0.0.1:${server.port}/0`, 300);
  await expect(get(connection)).rejects.toThrow('Redis did not answer in 300 ms');
  silent = false;
  await vi.waitFor(() => expect(server.connections()).toBeGreaterThan(1), 10_000);
  await vi.waitFor(() => get(connection), 10_000);
});

test('redis connection: the next sentinel is queried for the master when one does not answer', async () => {
  await using master = await redis();
  const port = String(master.port);
  const address = `*2\r\n$9\r\n127.0.0.1\r\n$${port.length}\r\n${port}\r\n`;
  await using silent = await FakeServer.start(neverAnswer);
  await using sentinel = await redis(([name]) => (name === 'sentinel' ? address : '+OK\r\n'));
  const urls = [silent, sentinel].map((each) => `sentinel://127.0.0.1:${each.port}/0`);
  const connection = connect(urls.join(';'), 3_000);
  expect(await get(connection)).toBeNull();
  expect(master.commands.at(-1)).toEqual(['get', 'key']);
  const asked = sentinel.commands.filter(([name]) => name === 'sentinel');
  expect(asked.map((command) => command[1])).toEqual(['get-master-addr-by-name']);
});

test('redis connection: an error reports that the server closed the connection', async () => {
  await using server = await FakeServer.start(closeAtOnce);
  await expect(get(connect(`redis://127.0.0.1:${server.port}/0`))).rejects.toThrow(
    'test: no connection to Redis: the connection was closed',
  );
});

test('redis connection: an error does not contain the reason of an earlier, ended failure', async () => {
  let isBroken = true;
  let isSilent = false;
  await using server = await redis((command, socket) => {
    if (isBroken) socket.destroy();
    return isBroken || isSilent ? null : ok(command);
  });
  const connection = connect(`redis://127.0.0.1:${server.port}/0`, 1_000);
  await expect(get(connection)).rejects.toThrow('the connection was closed');
  isBroken = false;
  await vi.waitFor(() => get(connection), 20_000);
  isSilent = true;
  await expect(get(connection)).rejects.toThrow('test: Redis did not answer in 1000 ms');
});

test('redis connection: the pause before an attempt doubles from 200 ms to 2 s, less up to half of it at random', () => {
  const { retryStrategy } = connect('redis://127.0.0.1:1/0').client.options;
  for (const [i, longest] of [200, 400, 800, 1_600, 2_000, 2_000].entries()) {
    const pause = Number(retryStrategy?.(i + 1));
    expect(pause).toBeGreaterThanOrEqual(longest / 2);
    expect(pause).toBeLessThanOrEqual(longest);
  }
});
