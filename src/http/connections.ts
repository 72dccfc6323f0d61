import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long clients may take, milliseconds. None of these ends an answer that beat is still making. */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};

/** Connections of a process that may open many descriptors; descriptors of one whose limit is unknown. */
const MOST = 1_000;
const UNKNOWN_LIMIT = 1_024;
/** Requests that a client may send without reading the answers; browsers send one at a time. */
const MAX_PIPELINED = 8;

/**
 * How many connections to keep open: a quarter of the descriptors of this process, at most a thousand. Brokers, stores and
 * files need the others.
 */
export function countConnections(limits = readLimits()): number {
  const [, soft = UNKNOWN_LIMIT] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  return Math.min(MOST, Math.ceil(Number(soft) / 4));
}

/** The limits of this process; empty where the system has no such file. */
function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/**
 * Makes a server that keeps at most `max` connections open. A new connection closes the connection that has waited longest for its
 * client, or the oldest one while beat makes an answer on each, so that clients that leave connections open delay no probe.
 */
export function createBoundedServer(max: number, listener: RequestListener): Server {
  /** What is not answered yet on each connection. The connection with the oldest event is the first. */
  const connections = new Map<Socket, readonly Exchange[]>();
  const update = (socket: Socket, change: (open: readonly Exchange[]) => readonly Exchange[]) => {
    const open = connections.get(socket);
    if (!open) return;
    connections.delete(socket);
    connections.set(socket, change(open));
  };
  const closeOne = () => {
    const sockets = [...connections.keys()];
    const socket = sockets.find((each) => connections.get(each)!.every(isWaiting)) ?? sockets[0]!;
    connections.delete(socket);
    socket.destroy();
  };
  const server = createServer(TIMEOUTS, (request, response) => {
    const { socket } = request;
    const exchange = { request, response };
    update(socket, (open) => [...open, exchange]);
    response.once('close', () =>
      update(socket, (open) => open.filter((each) => each !== exchange)),
    );
    if ((connections.get(socket)?.length ?? 0) > MAX_PIPELINED) socket.destroy();
    // Node parses the rest of what it has read from a connection that is closed.
    if (!socket.destroyed) listener(request, response);
  });
  server.on('connection', (socket: Socket) => {
    if (connections.size >= max) closeOne();
    connections.set(socket, []);
    socket.once('close', () => connections.delete(socket));
  });
  return server;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Whether the client has to act next: it has not sent the whole request, or has not read the whole answer. */
function isWaiting({ request, response }: Exchange): boolean {
  return !request.complete || response.writableEnded;
}
