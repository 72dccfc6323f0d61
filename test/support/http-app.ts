import { randomUUID } from 'node:crypto';
import { Beat } from '../../src/leader/beat.ts';
import type { BeatConfig } from '../../src/generated/config-types.ts';
import { storeOptions } from '../../src/config/service/store-options.ts';
import { openState } from '../../src/drivers/open-store.ts';
import { createApp } from '../../src/http/app.ts';
import type { HttpContext } from '../../src/http/context.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { systemClock } from '../../src/util/system-clock.ts';

export const READ = 'read-token-of-the-tests';
export const CHANGE = 'change-token-of-the-tests';
export const TOKENS = { readToken: READ, changeToken: CHANGE };

export interface RequestOptions {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly text?: string;
  /** Sent in chunks. */
  readonly stream?: ReadableStream<Uint8Array>;
  /** Sent as a form of the same site. */
  readonly form?: Readonly<Record<string, string>>;
  /** Where the connection comes from. */
  readonly peer?: string;
  readonly host?: string;
}

/** The HTTP application over a store in memory, without a socket. */
export class HttpApp implements AsyncDisposable {
  readonly beat: Beat;
  readonly store: StateStore;
  /** Mistakes in beat, and mistakes of clients. */
  readonly errors: unknown[] = [];
  readonly mistakes: unknown[] = [];
  readonly #fetch: (request: Request, env: object) => Response | Promise<Response>;
  readonly #stop = new AbortController();

  private constructor(beat: Beat, store: StateStore, more: Partial<HttpContext>) {
    this.beat = beat;
    this.store = store;
    const app = createApp({
      store,
      settings: () => beat.settings,
      reloaded: () => Promise.resolve(),
      health: () => Promise.resolve(beat.liveness.health),
      clock: systemClock,
      version: '0.0.0',
      reportError: (error, level) => (level === 'error' ? this.errors : this.mistakes).push(error),
      stopped: this.#stop.signal,
      ...more,
    });
    this.#fetch = (request, env) => app.fetch(request, env);
  }

  /** With `lead`, an instance leads and answers commands. */
  static async open(
    config: BeatConfig,
    { lead = false, ...more }: Partial<HttpContext> & { readonly lead?: boolean } = {},
  ): Promise<HttpApp> {
    const brokerUrl = `memory://${randomUUID()}`;
    const beat = new Beat({ brokerUrl, resultExpires: null, ...config });
    const store = await openState(storeOptions(beat.settings, systemClock));
    const app = new HttpApp(beat, store, more);
    if (lead) {
      const scheduling = new Promise<void>((resolve) => beat.once('scheduling', () => resolve()));
      await beat.start();
      await scheduling;
    }
    return app;
  }

  async request(path: string, options: RequestOptions = {}): Promise<Response> {
    const { token, json, text, stream, form } = options;
    const { peer = '127.0.0.1', host = '127.0.0.1:8040' } = options;
    const body = json === undefined ? (text ?? stream ?? (form && new URLSearchParams(form))) : JSON.stringify(json);
    const headers = {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(json !== undefined && { 'Content-Type': 'application/json' }),
      ...(form && { 'Sec-Fetch-Site': 'same-origin' }),
      ...options.headers,
    };
    const method = options.method ?? (body === undefined ? 'GET' : 'POST');
    const request = new Request(`http://${host}${path}`, { method, headers, body: body ?? null, duplex: 'half' });
    return this.#fetch(request, { incoming: { socket: { remoteAddress: peer } } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.beat.stop();
    await this.store.close();
  }
}
