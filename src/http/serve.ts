import { isIPv6, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { storeOptions } from '../config/service/store-options.ts';
import { openState } from '../drivers/open-store.ts';
import { systemClock } from '../util/system-clock.ts';
import { waitAtMost } from '../util/wait.ts';
import { BeatError } from '../util/errors.ts';
import { createApp } from './app.ts';
import { countConnections, createBoundedServer } from './connections.ts';
import type { HttpContext } from './context.ts';

export interface ServeOptions {
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
  // The other half stays for pages and commands.
  const maxStreams = Math.floor(connections / 2);
  const listening = Promise.withResolvers<undefined>();
  const opening = listening.promise.then(async () => {
    const context = await open();
    const store = await openState(storeOptions(context.settings(), context.clock));
    return { store, app: createApp({ ...context, store, stopped: stop.signal, maxStreams }) };
  });
  const answer = getRequestListener(async (request, env) =>
    (await opening).app.fetch(request, env),
  );
  const server = createBoundedServer(connections, (...exchange) => void answer(...exchange));
  await listen(server, { host, port });
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

interface Address {
  readonly host: string;
  readonly port: number;
}

function listen(server: Server, { host, port }: Address): Promise<void> {
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
