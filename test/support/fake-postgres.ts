import type { Socket } from 'node:net';
import { FakeServer } from './fake-server.ts';

export function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

export const READY = message('Z', Buffer.from('I'));
const WELCOME = Buffer.concat([message('R', Buffer.alloc(4)), READY]);
/** The end of a statement, with the number of changed rows. */
export const done = (changes: number) => Buffer.concat([message('C', Buffer.from(`UPDATE ${changes}\0`)), READY]);
/** An error with its SQLSTATE. */
export const failure = (code: string) => message('E', Buffer.from(`SERROR\0C${code}\0Mno\0\0`));

export interface PostgresReplies {
  /** `null` sends no reply. */
  login?: Buffer | null;
  /** `null` sends no reply. */
  query?: (text: string) => Buffer | null;
  /** Whether it closes a connection that says ending. */
  closesPolitely?: boolean;
}

/** A PostgreSQL server without TLS that records statements and the ends of its connections. */
export async function fakePostgres({
  login = WELCOME,
  query = () => done(0),
  closesPolitely = true,
}: PostgresReplies = {}) {
  const events: string[] = [];
  let last: Socket | null = null;
  const receive = (socket: Socket, type: string, body: Buffer) => {
    if (type === 'X') {
      events.push('quit');
      if (closesPolitely) socket.destroy();
    }
    if (type !== 'Q') return;
    const text = body.toString().replace(/\0$/, '').replace(/\s+/g, ' ').trim();
    events.push(text);
    const reply = query(text);
    if (reply) socket.write(reply);
  };
  const server = await FakeServer.start((socket) => {
    events.push('connection');
    last = socket;
    let isOpen = false;
    socket.on('close', () => events.push('close'));
    if (closesPolitely) socket.on('end', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      for (let rest = chunk; rest.length > 0;) {
        const start = isOpen ? 1 : 0;
        const end = start + rest.readInt32BE(start);
        const body = rest.subarray(start + 4, end);
        if (isOpen) receive(socket, String.fromCharCode(rest[0]!), body);
        else if (end === 8) socket.write('N');
        else isOpen = login !== null && socket.write(login);
        rest = rest.subarray(end);
      }
    });
  });
  return {
    events,
    closeConnection: () => last!.end(),
    url: `sqla+postgresql://me@127.0.0.1:${server.port}/jobs?sslmode=disable`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
