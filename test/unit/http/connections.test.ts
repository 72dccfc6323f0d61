import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { countConnections, createBoundedServer } from '../../../src/http/serve.ts';
import { Journal } from '../../support/journal.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n';

let server: Server | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.closeAllConnections();
  server?.close();
});

async function listen(max: number, listener: RequestListener): Promise<void> {
  server = createBoundedServer(max, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

/** Connects, and sends `text`. `server` is the other end of the connection. */
async function open(text = ''): Promise<Socket> {
  const accepted = once(server!, 'connection');
  const socket = connect((server!.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await accepted;
  if (text !== '') socket.write(text);
  return socket;
}

async function read(socket: Socket): Promise<string> {
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString().split('\r\n', 1)[0]!;
}

const answer: RequestListener = (_request, response) => response.end('ok');

describe('bounded server', () => {
  test('answers a new connection by closing the one that has been idle longest', async () => {
    await listen(3, answer);
    const [first, second, third] = [await open(), await open(), await open()];
    const ended: string[] = [];
    first.once('close', () => ended.push('first'));
    second.once('close', () => ended.push('second'));
    third.once('close', () => ended.push('third'));
    first.write(GET);
    expect(await read(first)).toBe('HTTP/1.1 200 OK');
    const closed = once(second, 'close');
    expect(await read(await open(GET))).toBe('HTTP/1.1 200 OK');
    await closed;
    const next = once(third, 'close');
    expect(await read(await open(GET))).toBe('HTTP/1.1 200 OK');
    await next;
    expect(ended).toEqual(['second', 'third']);
  });

  test.each([
    ['have sent half of the headers', 'GET / HTTP/1.1\r\nHost:'],
    ['have sent half of the body', POST],
  ])('answers although all clients %s', async (_name, text) => {
    await listen(4, answerBody);
    for (let i = 0; i < 20; i++) await open(text);
    expect(await read(await open(GET))).toBe('HTTP/1.1 200 OK');
  });

  test('answers although clients do not read their answers', async () => {
    await listen(4, (_request, response) => response.end(Buffer.alloc(30_000_000)));
    for (let i = 0; i < 8; i++) (await open(GET)).pause();
    expect(await read(await open(GET))).toBe('HTTP/1.1 200 OK');
  });

  test('closes an idle connection before a connection whose answer is in progress', async () => {
    const answers: (() => void)[] = [];
    const requests = new Journal<number>();
    await listen(3, (_request, response) => {
      answers.push(() => response.end());
      requests.add(answers.length);
    });
    const busy = await open(GET);
    await requests.first('first request', (count) => count === 1);
    for (let i = 0; i < 10; i++) await open();
    answers[0]!();
    expect(await read(busy)).toBe('HTTP/1.1 200 OK');
  });

  test('closes the oldest connection if an answer is in progress on each of them', async () => {
    const requests = new Journal<string>();
    await listen(2, (request, response) => {
      requests.add(request.url!);
      response.write('started');
    });
    const first = await open(GET);
    const closed = once(first, 'close');
    await read(first);
    await read(await open(GET));
    expect(await read(await open(GET))).toBe('HTTP/1.1 200 OK');
    await closed;
    expect(requests.all).toHaveLength(3);
  });

  test('closes a connection with more than eight requests that are not answered', async () => {
    let count = 0;
    await listen(9, (_request, response) => {
      count += 1;
      setImmediate(() => response.end());
    });
    const socket = await open(GET.repeat(5_000));
    // A reset is an end too.
    await new Promise((resolve) => socket.resume().once('close', resolve));
    expect(count).toBe(8);
  });

  test('answers any number of sequential requests on one connection', async () => {
    await listen(2, answer);
    const socket = await open();
    for (let i = 0; i < 30; i++) {
      socket.write(GET);
      expect(await read(socket)).toBe('HTTP/1.1 200 OK');
    }
  });

  test('limits the time of clients for headers, bodies and the next request', async () => {
    await listen(1, answer);
    expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000 });
  });
});

/** Answers after the whole body. */
const answerBody: RequestListener = (request, response) => {
  request.resume().once('end', () => response.end('ok'));
};

test.each([
  ['a quarter of the descriptors', 'Max open files            64                   64   files', 16],
  ['at most a thousand', 'Max open files            1048576              1048576   files', 1_000],
  ['256 without a limit', 'Max open files            unlimited            unlimited   files', 256],
  ['256 where the limit is unknown', '', 256],
])('connections of the server: %s', (_name, limits, count) => {
  expect(countConnections(limits)).toBe(count);
});
