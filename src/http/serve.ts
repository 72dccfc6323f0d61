import { readFileSync } from 'node:fs';
import { type Server, createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { storeOptions } from '../config/service/store-options.ts';
import { openState } from '../drivers/open-store.ts';
import { BeatError } from '../util/errors.ts';
import { systemClock } from '../util/system-clock.ts';
import { waitAtMost } from '../util/wait.ts';
import { createApp } from './app.ts';
import type { HttpContext } from './context.ts';

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  /** Called when the server listens; requests wait for it. */
  readonly open: () => Promise<Omit<HttpContext, 'store' | 'stopped' | 'maxStreams'>>;
}

export interface HttpServer {
  /** Such as `http://127.0.0.1:8040`. */
  readonly url: string;
  /** Rejects if requests cannot be answered: `open` or the store has failed. */
  readonly opened: Promise<void>;
  /** Ends streams, finishes requests for at most two seconds, and closes its connection to the store. */
  close(): Promise<void>;
}

/** How long requests may take after the stop, milliseconds. */
const GRACE = 2_000;

/** Listens, then opens the store and answers. Throws a `BeatError` when the address is not available. */
export async function serve({ host, port, open }: ServeOptions): Promise<HttpServer> {
  const stop = new AbortController();
  const connections = countConnections();
  // The other half of the connections is for pages and commands.
  const maxStreams = Math.floor(connections / 2);
  const listening = Promise.withResolvers<undefined>();
  const opening = listening.promise.then(async () => {
    const context = await open();
    const store = await openState(storeOptions(context.settings(), context.clock));
    return { store, app: createApp({ ...context, store, stopped: stop.signal, maxStreams }) };
  });
  const answer = getRequestListener(async (request, env) => (await opening).app.fetch(request, env));
  const server = createBoundedServer(connections, (...exchange) => void answer(...exchange));
  await listen(server, host, port);
  listening.resolve(undefined);
  return {
    url: `http://${formatAddress(server.address() as AddressInfo)}`,
    opened: opening.then(() => {}),
    async close() {
      stop.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await waitAtMost(systemClock, GRACE, new AbortController().signal, () => closed);
      server.closeAllConnections();
      await opening.then(
        ({ store }) => store.close(),
        () => {},
      );
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = REASONS[cause.code ?? ''] ?? cause.message;
      reject(new BeatError(`http: cannot listen on ${host}:${port}: ${reason}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process uses this port; choose another with --http or http.port',
  EACCES: 'ports below 1024 need a privilege; choose a greater one with --http or http.port',
  EADDRNOTAVAIL: 'this host does not have that address; correct http.host',
};

function formatAddress({ address, port }: AddressInfo): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/** How long clients may take, milliseconds. None of these ends an answer that beat is still making. */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};

/** The most connections, and the number of descriptors to assume where the limit is unknown. */
const MOST = 1_000;
const UNKNOWN_LIMIT = 1_024;
/** Requests that a client may send without reading the answers; browsers send one at a time. */
const MAX_PIPELINED = 8;

/** How many connections to keep open: at most a thousand, and a quarter of the descriptors, which others need too. */
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
 * Creates a server with at most `max` open connections. At the limit, a new connection closes the connection that has
 * waited longest for its client, or the oldest one if beat is still answering on all. So clients that leave connections
 * open delay no probe.
 */
export function createBoundedServer(max: number, listener: RequestListener): Server {
  /** The unanswered requests of each connection. The connection whose last event is the oldest comes first. */
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
    response.once('close', () => update(socket, (open) => open.filter((each) => each !== exchange)));
    if ((connections.get(socket)?.length ?? 0) > MAX_PIPELINED) socket.destroy();
    // Node still parses the rest of what it has read from a closed connection.
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
