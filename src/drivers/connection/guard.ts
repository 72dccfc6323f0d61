/**
 * Checks the bytes of a peer before the client library reads them, and closes the connection to a peer that speaks
 * another protocol or sends too much. Without it the library would buffer all bytes, or its parser would throw an
 * uncaught exception.
 */
import type { Socket } from 'node:net';

/** The most bytes that a peer may send before its handshake is complete. */
const HANDSHAKE_LIMIT = 256 * 1024;

/** The most bytes of one answer. The longest answers contain the pending messages of an outbox. */
const ANSWER_LIMIT = 256 * 1024 * 1024;

/** The number of first bytes that are compared with the protocol. */
const OPENING = 16;

export class PeerError extends Error {
  override name = 'PeerError';
}

export interface Protocol {
  /** Such as `Redis`. */
  readonly name: string;
  /** Whether these bytes, one or more, may be the beginning of a server's greeting. */
  readonly opensWith: (bytes: Buffer) => boolean;
  /** Creates a reader that throws if a chunk exceeds a limit of the protocol, and calls back for each complete answer. */
  readonly limits?: (answered: () => void) => (chunk: Buffer) => void;
}

export interface Guard {
  /** Call this when the handshake is complete; the limit for answers applies from then on. */
  established: () => void;
  /** Call this when an answer is complete. */
  answered: () => void;
}

const guarded = new WeakSet<object>();

/** Whether the socket has a guard, so that an exception ends the connection instead of the process. */
export function isGuarded(socket: object): boolean {
  return guarded.has(socket);
}

/** Guards a new socket, encrypted or not. `address` is for messages: `host:port`. */
export function guard(socket: Socket, { name, opensWith, limits }: Protocol, address: string): Guard {
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
        // The error shows the whole chunk, because a complete line is easier to recognise.
        const sent = opening.length > chunk.length ? opening : chunk;
        throw new PeerError(`the server at ${address} does not speak ${name}: it sent ${excerpt(sent)}`);
      }
      if (opening.length >= OPENING) opening = null;
    }
    size += chunk.length;
    if (size > limit) {
      const during = limit === HANDSHAKE_LIMIT ? 'before its handshake was complete' : 'as one answer';
      throw new PeerError(`the server at ${address} sent more than ${formatBytes(limit)} ${during}`);
    }
    check?.(chunk);
  };
  const close = (error: unknown): false => {
    socket.destroy(error instanceof Error ? error : new Error(String(error)));
    return false;
  };

  // Every byte passes through `push` first, however the library reads.
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    try {
      if (chunk instanceof Buffer) inspect(chunk);
    } catch (error) {
      return close(error);
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
      const reason = error instanceof Error ? error.message : String(error);
      return close(new PeerError(`the server at ${address} sent invalid ${name}: ${reason}`));
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

function formatBytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes / 1024} KiB` : `${bytes / 1024 / 1024} MiB`;
}

/** The longest excerpt of what a peer sent. Bytes. */
const LENGTH = 60;

const ESCAPES: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' };

/** Quotes the first bytes that a peer sent, and escapes all except printable ASCII. */
export function excerpt(bytes: Buffer): string {
  const shown = bytes.subarray(0, LENGTH).toString('latin1');
  const text = shown.replace(/[^ -~]|["\\]/g, (sign) => {
    if (sign === '"' || sign === '\\') return `\\${sign}`;
    return ESCAPES[sign] ?? `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${text}${bytes.length > LENGTH ? '…' : ''}"${recognize(bytes)}`;
}

/** Recognises protocols that often answer on a wrong port. */
function recognize(bytes: Buffer): string {
  const text = bytes.toString('latin1', 0, 8);
  if (text.startsWith('HTTP/')) return ', which is HTTP';
  if (text.startsWith('SSH-')) return ', which is SSH';
  if ([0x14, 0x15, 0x16].includes(bytes[0]!) && bytes[1] === 3) return ', which is TLS; configure TLS in the URL';
  return '';
}
