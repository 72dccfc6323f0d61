import { isIPv6, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { unprotectedError } from '../config/service/http.ts';
import { storeOptions } from '../config/service/store-options.ts';
import { openState } from '../drivers/open-store.ts';
import { errorAt } from '../util/diagnostic.ts';
import { waitAtMost } from '../util/clock.ts';
import { BeatError, ConfigError } from '../util/errors.ts';
import { createApp } from './app.ts';
import type { HttpContext } from './context.ts';

export type ServeOptions = Omit<HttpContext, 'store' | 'stopped'>;

export interface HttpServer {
  /** Such as `http://127.0.0.1:8040`. */
  readonly url: string;
  /** Ends streams, finishes requests for at most two seconds, and closes its connection to the store. */
  close(): Promise<void>;
}

/** How long requests may take after the stop, milliseconds. */
const GRACE = 2_000;

/**
 * Serves HTTP as the settings say. Throws a `ConfigError` for an address that would be open to other hosts without a
 * token, and a `BeatError` when the address is not available.
 */
export async function serve(options: ServeOptions): Promise<HttpServer> {
  const settings = options.settings();
  const http = settings.http!;
  const error = unprotectedError(http);
  if (error !== null) throw new ConfigError([errorAt(['http', 'host'], error)]);
  const stop = new AbortController();
  const store = await openState(storeOptions(settings, options.clock));
  const app = createApp({ ...options, store, stopped: stop.signal });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  try {
    await listen(server, http);
  } catch (failure) {
    await store.close();
    throw failure;
  }
  return {
    url: `http://${formatAddress(server.address() as AddressInfo)}`,
    async close() {
      stop.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await waitAtMost(options.clock, GRACE, new AbortController().signal, () => closed);
      server.closeAllConnections();
      await store.close();
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
