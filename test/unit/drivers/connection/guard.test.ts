import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { excerpt, guard, isGuarded, PeerError } from '../../../../src/drivers/connection/guard.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A server of this protocol begins with "READY". */
const PROTOCOL = {
  name: 'Example',
  opensWith: (bytes: Buffer) => {
    const greeting = 'READY';
    const length = Math.min(bytes.length, greeting.length);
    return bytes.toString('latin1', 0, length) === greeting.slice(0, length);
  },
};

let socket: Socket;
let errors: unknown[];
let read: string[];
beforeEach(() => {
  socket = new Socket();
  errors = [];
  read = [];
  socket.on('error', (error) => errors.push(error));
});
afterEach(() => {
  socket.destroy();
});

const guarded = (protocol: Parameters<typeof guard>[1] = PROTOCOL) => guard(socket, protocol, 'example.org:1234');

/** Sends bytes of a peer through the socket; resolves when the events of the socket were delivered. */
async function receives(...chunks: (string | Buffer)[]): Promise<void> {
  for (const chunk of chunks) socket.push(Buffer.from(chunk));
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const messages = () => errors.map((error) => (error as Error).message);

test('connection guard: forwards the bytes of a server of the protocol', async () => {
  guarded();
  socket.on('data', (chunk) => read.push(String(chunk)));
  await receives('READY', ' 1', ' 2');
  expect(read.join('')).toBe('READY 1 2');
  expect(errors).toEqual([]);
  expect(socket.destroyed).toBe(false);
});

test('connection guard: forwards the end of the stream', async () => {
  guarded();
  const ended = new Promise((resolve) => {
    socket.once('end', resolve);
  });
  socket.resume();
  socket.push(null);
  expect(await ended).toBeUndefined();
});

test('connection guard: accepts a greeting that comes byte by byte', async () => {
  guarded();
  socket.on('data', (chunk) => read.push(String(chunk)));
  const greeting = 'READY to serve everything';
  await receives(...Array.from(greeting));
  expect(read.join('')).toBe(greeting);
});

test('connection guard: closes the connection to a peer of another protocol, and shows its first line', async () => {
  guarded();
  socket.on('data', (chunk) => read.push(String(chunk)));
  await receives('HTTP/1.1 400 Bad Request\r\n');
  expect(socket.destroyed).toBe(true);
  expect(errors).toEqual([expect.any(PeerError)]);
  expect(messages()).toEqual([
    'the server at example.org:1234 does not speak Example: ' +
      'it sent "HTTP/1.1 400 Bad Request\\r\\n", which is HTTP',
  ]);
  expect(read).toEqual([]);
});

test('connection guard: shows all that a peer of another protocol sent in pieces', async () => {
  guarded();
  await receives('RE', 'A', 'LLY');
  expect(messages()).toEqual(['the server at example.org:1234 does not speak Example: it sent "REALLY"']);
});

test('connection guard: compares only the first 16 bytes of a peer', async () => {
  const seen: number[] = [];
  guarded({ name: 'Example', opensWith: (bytes) => seen.push(bytes.length) > 0 });
  await receives('123456789', '1234567', 'later');
  expect(seen).toEqual([9, 16]);
});

test('connection guard: closes the connection after more than 256 KiB before the handshake', async () => {
  guarded({ name: 'Example', opensWith: () => true });
  await receives(Buffer.alloc(200 * KIB), Buffer.alloc(56 * KIB));
  expect(errors).toEqual([]);
  await receives(Buffer.alloc(1));
  expect(messages()).toEqual([
    'the server at example.org:1234 sent more than 256 KiB before its handshake was complete',
  ]);
  expect(errors).toEqual([expect.any(PeerError)]);
});

test('connection guard: counts all bytes of a handshake, also after a complete answer', async () => {
  const { answered } = guarded({ name: 'Example', opensWith: () => true });
  await receives(Buffer.alloc(256 * KIB));
  answered();
  await receives(Buffer.alloc(1));
  expect(messages()).toHaveLength(1);
});

test('connection guard: closes the connection after more than 256 MiB of one answer', async () => {
  const { established, answered } = guarded({ name: 'Example', opensWith: () => true });
  await receives(Buffer.alloc(256 * KIB));
  established();
  const large = Buffer.alloc(128 * MIB);
  const receivesLarge = () => {
    socket.push(large);
  };
  receivesLarge();
  receivesLarge();
  answered();
  receivesLarge();
  receivesLarge();
  await receives();
  expect(errors).toEqual([]);
  await receives(Buffer.alloc(1));
  expect(messages()).toEqual(['the server at example.org:1234 sent more than 256 MiB as one answer']);
});

test('connection guard: passes every chunk to the limits of the protocol, and closes the connection if they throw', async () => {
  const chunks: string[] = [];
  const limits = () => (chunk: Buffer) => {
    chunks.push(String(chunk));
    if (String(chunk) === '!') throw new Error('too deep');
  };
  guarded({ ...PROTOCOL, limits });
  await receives('READY', ' 1', '!', ' 2');
  expect(chunks.slice(0, 3)).toEqual(['READY', ' 1', '!']);
  expect(messages()).toEqual(['too deep']);
  expect(socket.destroyed).toBe(true);
});

test('connection guard: the limits of the protocol report complete answers', async () => {
  let complete = () => {};
  const limits = (answered: () => void) => {
    complete = answered;
    return () => {};
  };
  const { established } = guarded({ name: 'Example', opensWith: () => true, limits });
  established();
  const large = Buffer.alloc(256 * MIB);
  socket.push(large);
  complete();
  socket.push(large);
  await receives();
  expect(errors).toEqual([]);
});

test('connection guard: an exception of the parser ends the connection instead of the process', async () => {
  guarded();
  socket.on('data', () => {
    throw new RangeError('no such type');
  });
  await receives('READY');
  expect(errors).toEqual([expect.any(PeerError)]);
  expect(messages()).toEqual(['the server at example.org:1234 sent invalid Example: no such type']);
});

test('connection guard: an exception of a parser on "readable" ends the connection instead of the process', async () => {
  guarded();
  socket.on('readable', () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- parsers throw anything
    throw 'a text';
  });
  await receives('READY');
  expect(messages()).toEqual(['the server at example.org:1234 sent invalid Example: a text']);
});

test('connection guard: does not catch exceptions of other listeners', () => {
  guarded();
  socket.on('timeout', () => {
    throw new Error('of our own');
  });
  expect(() => socket.emit('timeout')).toThrow('of our own');
  expect(socket.destroyed).toBe(false);
});

test('connection guard: reports whether a socket is guarded', () => {
  expect(isGuarded(socket)).toBe(false);
  guarded();
  expect(isGuarded(socket)).toBe(true);
});

test.each([
  ['plain text', 'hello ~', '"hello ~"'],
  ['line ends and tabs', 'a\r\n\tb', '"a\\r\\n\\tb"'],
  ['quotes and backslashes', '"\\', '"\\"\\\\"'],
  ['control characters', '\x00\x1b\x7f', '"\\x00\\x1b\\x7f"'],
  ['bytes above ASCII', '\xe9\xff', '"\\xe9\\xff"'],
  ['nothing', '', '""'],
])('excerpt: quotes and escapes %s', (_, text, expected) => {
  expect(excerpt(Buffer.from(text, 'latin1'))).toBe(expected);
});

test('excerpt: shows 60 bytes, with an ellipsis for the others', () => {
  expect(excerpt(Buffer.alloc(60, 'a'))).toBe(`"${'a'.repeat(60)}"`);
  expect(excerpt(Buffer.alloc(61, 'a'))).toBe(`"${'a'.repeat(60)}…"`);
});

test.each([
  ['HTTP/1.1 400 Bad', ', which is HTTP'],
  ['HTTP', ''],
  ['SSH-2.0-OpenSSH', ', which is SSH'],
  ['SSH', ''],
  ['x HTTP/', ''],
  ['\x14\x03\x01', ', which is TLS; configure TLS in the URL'],
  ['\x15\x03\x01', ', which is TLS; configure TLS in the URL'],
  ['\x16\x03\x01', ', which is TLS; configure TLS in the URL'],
  ['\x17\x03\x01', ''],
  ['\x15\x02', ''],
])('excerpt: names the known protocol of a server that sends %j', (text, meaning) => {
  const shown = excerpt(Buffer.from(text, 'latin1'));
  expect(shown.slice(shown.lastIndexOf('"') + 1)).toBe(meaning);
});
