/**
 * Watches what a peer sends before the client library reads it. A peer that is not the server that was
 * expected, or that sends without end, is hung up on; its bytes would otherwise be buffered, or end the
 * process as an exception of the library's parser.
 */
import type { Socket } from 'node:net';
import { excerpt } from './excerpt.ts';

/** The most (bytes) that is read of a peer before its handshake is complete: greetings and logins are short. */
const HANDSHAKE_LIMIT = 256 * 1024;

/** The most (bytes) that is read as one answer. Waiting messages of an outbox are the longest that beat reads. */
const ANSWER_LIMIT = 256 * 1024 * 1024;

/** The first bytes decide what a peer speaks; later ones add nothing. */
const OPENING = 16;

/** A peer that was hung up on: the message says what it did. */
export class PeerError extends Error {
  override name = 'PeerError';
}

export interface Protocol {
  /** Such as `Redis`. */
  readonly name: string;
  /** Whether a server may begin with these bytes: one or more, and perhaps not yet all of its greeting. */
  readonly opensWith: (bytes: Buffer) => boolean;
  /** Makes a reader that throws where a chunk breaks a limit of the protocol, and reports each complete answer. */
  readonly limits?: (answered: () => void) => (chunk: Buffer) => void;
}

export interface Guard {
  /** The handshake is complete: what comes from now on are answers. */
  established: () => void;
  /** An answer is complete. */
  answered: () => void;
}

const guarded = new WeakSet<object>();

/** Whether the socket is guarded, so that an exception may end the connection in place of the process. */
export function isGuarded(socket: object): boolean {
  return guarded.has(socket);
}

/** Guards a socket, encrypted or not, from which nothing has been read. `where` is shown: `host:port`. */
export function guard(socket: Socket, { name, opensWith, limits }: Protocol, where: string): Guard {
  guarded.add(socket);
  let opening: Buffer | null = Buffer.alloc(0);
  let limit = HANDSHAKE_LIMIT;
  let size = 0;
  const answered = (): void => {
    if (limit === ANSWER_LIMIT) size = 0;
  };
  const check = limits?.(answered);

  const inspect = (chunk: Buffer): void => {
    if (opening) {
      opening = Buffer.concat([opening, chunk.subarray(0, OPENING)]);
      if (!opensWith(opening)) {
        // More of the chunk than of the opening: people recognise a whole line.
        const sent = opening.length > chunk.length ? opening : chunk;
        throw new PeerError(
          `the server at ${where} does not speak ${name}: it sent ${excerpt(sent)}`,
        );
      }
      if (opening.length >= OPENING) opening = null;
    }
    size += chunk.length;
    if (size > limit) {
      const during =
        limit === HANDSHAKE_LIMIT ? 'before its handshake was complete' : 'as one answer';
      throw new PeerError(`the server at ${where} sent more than ${inUnits(limit)} ${during}`);
    }
    check?.(chunk);
  };
  const hangUp = (error: unknown): false => {
    socket.destroy(error instanceof Error ? error : new Error(String(error)));
    return false;
  };

  // Every byte passes here first, in whatever way the library reads.
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    try {
      if (chunk instanceof Buffer) inspect(chunk);
    } catch (error) {
      return hangUp(error);
    }
    return push(chunk, encoding);
  };
  // An exception of the library's parser would end the process.
  const emit = socket.emit.bind(socket) as (event: string, ...args: unknown[]) => boolean;
  socket.emit = ((event: string, ...args: unknown[]) => {
    if (event !== 'data' && event !== 'readable') return emit(event, ...args);
    try {
      return emit(event, ...args);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      return hangUp(new PeerError(`the server at ${where} sent what is not ${name}: ${what}`));
    }
  }) as Socket['emit'];

  return {
    established: () => {
      limit = ANSWER_LIMIT;
      size = 0;
    },
    answered,
  };
}

function inUnits(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes / 1024} KiB` : `${bytes / 1024 / 1024} MiB`;
}
