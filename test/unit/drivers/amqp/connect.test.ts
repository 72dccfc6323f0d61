import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { beforeEach, expect, test, vi } from 'vitest';
import { DEFAULT_CONNECTION, DEFAULT_TRANSPORT } from '../../../../src/contracts/broker/connection-settings.ts';
import { openConnection, type ClientSettings } from '../../../../src/drivers/amqp/connect.ts';
import { parseAmqpUrl } from '../../../../src/drivers/amqp/url.ts';
import { parseEndpoint } from '../../../../src/drivers/endpoint.ts';

const amqplib = vi.hoisted(() => ({ connect: vi.fn() }));
vi.mock('amqplib', async (original) => ({ ...(await original<object>()), ...amqplib }));

const connection = { ...DEFAULT_CONNECTION, heartbeat: 1_500 };
const transport = { ...DEFAULT_TRANSPORT, clientName: 'schedule', clientProperties: { team: 'nightly' } };
const INTRODUCTION: ClientSettings = { connection, transport };

let socket: Socket;
let model: EventEmitter & { createConfirmChannel: () => Promise<string> };
beforeEach(() => {
  socket = new Socket();
  model = Object.assign(new EventEmitter(), { createConfirmChannel: async () => 'a channel' });
  amqplib.connect.mockReset().mockImplementation(() => {
    channel('net.client.socket').publish({ socket });
    return Promise.resolve(model);
  });
});

async function opened(url: string, client = INTRODUCTION) {
  const signal = new AbortController().signal;
  const open = await openConnection(parseAmqpUrl(parseEndpoint(url)), client, signal);
  const [to, options] = amqplib.connect.mock.calls[0] as [object, Record<string, unknown>];
  return { open, to, options, signal };
}

test('amqp connection: uses the URL and the settings', async () => {
  const { open, to, options, signal } = await opened('amqp://me:pw@rabbit:5673/a%2Fb');
  expect(to).toEqual({
    protocol: 'amqp',
    hostname: 'rabbit',
    port: 5_673,
    username: 'me',
    password: 'pw',
    vhost: 'a%2Fb',
    heartbeat: 2,
    maxFrameSize: 1_048_576,
  });
  expect(options).toMatchObject({
    noDelay: true,
    keepAlive: true,
    signal,
    clientProperties: { product: 'beat', connection_name: 'schedule', team: 'nightly' },
  });
  expect(open.slice(0, 2)).toEqual([model, 'a channel']);
});

test('amqp connection: heartbeat and login of the URL override the settings', async () => {
  const { to, options } = await opened('amqps://rabbit/?heartbeat=20&login_method=EXTERNAL');
  expect(to).toMatchObject({ protocol: 'amqps', port: 5_671, heartbeat: 20 });
  expect(options).toMatchObject({ servername: 'rabbit', credentials: { mechanism: 'EXTERNAL' } });
});

test.each(['PLAIN', 'AMQPLAIN', 'EXTERNAL'] as const)(
  'amqp connection: logs in with the configured method %s',
  async (login) => {
    const { options } = await opened('amqp://me:pw@rabbit/', { connection: { ...connection, login }, transport });
    expect(options).toMatchObject({ credentials: { mechanism: login } });
  },
);

test('amqp connection: has the name beat by default', async () => {
  const { options } = await opened('amqp://rabbit/', { connection, transport: DEFAULT_TRANSPORT });
  expect(options).toMatchObject({ clientProperties: { connection_name: 'beat' } });
});

test('amqp connection: has a guard, with the limit for answers after the handshake', async () => {
  await opened('amqp://rabbit:5673/');
  socket.on('error', () => {});
  socket.push(Buffer.concat([Buffer.from([1, 0, 0]), Buffer.alloc(300 * 1024)]));
  expect(socket.destroyed).toBe(false);
});

test('amqp connection: the connection to a server of another protocol is closed at its first bytes', async () => {
  const failed = new Promise<Error>((resolve) => {
    socket.on('error', resolve);
  });
  amqplib.connect.mockImplementation(() => {
    channel('net.client.socket').publish({ socket });
    socket.push(Buffer.from('HTTP/1.1 400'));
    return failed.then((error) => Promise.reject(error));
  });
  await expect(opened('amqp://rabbit:5673/')).rejects.toThrow('the server at rabbit:5673 does not speak AMQP 0-9-1');
});

test('amqp connection: an error of the connection does not end the process', async () => {
  await opened('amqp://rabbit/');
  expect(model.emit('error', new Error('reset'))).toBe(true);
});

test('amqp connection: sockets of other code get no guard', async () => {
  await opened('amqp://rabbit/');
  const other = new Socket();
  channel('net.client.socket').publish({ socket: other });
  other.on('error', () => {});
  other.push(Buffer.from('anything'));
  expect(other.destroyed).toBe(false);
});

test('amqp connection: the error for a rejected vhost names it, and other errors are unchanged', async () => {
  const closed = new Error('Expected ConnectionOpenOk; got <ConnectionClose channel:0>');
  amqplib.connect.mockRejectedValueOnce(closed);
  await expect(opened('amqp://me@rabbit/nowhere')).rejects.toThrow(
    'there is no vhost "nowhere", or the user "me" has no access to it',
  );
  amqplib.connect.mockRejectedValueOnce(new Error('ECONNREFUSED'));
  await expect(opened('amqp://me@rabbit/nowhere')).rejects.toThrow(/^ECONNREFUSED$/);
});
