import type { Socket } from 'node:net';
import { parseAddress } from '../../src/drivers/sql/mysql/address.ts';
import { FakeServer } from './fake-server.ts';

/** A greeting of MySQL 8 without TLS and query attributes. */
const GREETING = Buffer.concat([
  Buffer.from('\x0a8.0.0\0\x01\0\0\0abcdefgh\0', 'latin1'),
  Buffer.from([0xff, 0xf7, 0x2d, 0x02, 0, 0xff, 0xf7, 21]),
  Buffer.alloc(10),
  Buffer.from('abcdefghijkl\0mysql_native_password\0', 'latin1'),
]);
const [QUIT, QUERY] = [1, 3];

/** OK, with the number of changed rows. */
export const ok = (changes = 0) => Buffer.from([0, changes, 0, 2, 0, 0, 0]);
/** An error with its number. */
export const failure = (errno: number) =>
  Buffer.concat([Buffer.from([0xff, errno & 255, errno >> 8]), Buffer.from('#HY000no')]);

function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, payload]);
}

export interface MysqlReplies {
  /** `null` sends no reply. */
  login?: Buffer | null;
  query?: (text: string) => Buffer | null;
}

/** A MySQL server that records statements and the ends of its connections. */
export async function fakeMysql({ login = ok(), query = () => ok() }: MysqlReplies = {}) {
  const events: string[] = [];
  let last: Socket | null = null;
  const receive = (socket: Socket, sequence: number, payload: Buffer) => {
    if (sequence > 0) return void (login && socket.write(packet(sequence + 1, login)));
    if (payload[0] === QUIT) return void events.push('quit');
    if (payload[0] !== QUERY) return;
    const text = payload.subarray(1).toString().replace(/\s+/g, ' ').trim();
    events.push(text);
    const reply = query(text);
    if (reply) socket.write(packet(1, reply));
  };
  const server = await FakeServer.start((socket) => {
    events.push('connection');
    last = socket;
    let bytes = Buffer.alloc(0);
    socket.on('close', () => events.push('close'));
    socket.on('end', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUIntLE(0, 3)) {
        const end = 4 + bytes.readUIntLE(0, 3);
        receive(socket, bytes[3]!, bytes.subarray(4, end));
        bytes = bytes.subarray(end);
      }
    });
    socket.write(packet(0, GREETING));
  });
  return {
    events,
    closeConnection: () => last!.end(),
    /** Replies to the last statement. */
    reply: (payload: Buffer) => last!.write(packet(1, payload)),
    address: parseAddress(`sqla+mysql://me@127.0.0.1:${server.port}/jobs`),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
