import type { HttpBindings } from '@hono/node-server';
import type { HttpSettings } from '../config/service/http.ts';
import type { Settings } from '../config/settings.ts';
import type { EntrySource } from '../read-models/status/read-entries.ts';
import type { LoopHealth } from '../observe/liveness.ts';
import type { MetricsPage } from '../observe/metrics/metrics.ts';
import type { StateStore } from '../contracts/store/store.ts';
import type { Clock } from '../util/clock.ts';

/** What a token, a session or a user may do; `change` includes `read`. */
export type Permission = 'read' | 'change';

export interface Access {
  readonly permission: Permission | null;
  readonly by: string;
  /** How the request was authenticated; `open` where reading needs no token, `none` for a rejected request. */
  readonly method: 'token' | 'session' | 'proxy' | 'open' | 'none';
}

export interface HttpContext {
  /** The server's own connection. */
  readonly store: StateStore;
  readonly settings: () => Settings;
  /** Resolves when a reload that has begun is in force here, or has taken too long. */
  readonly reloaded: () => Promise<void>;
  /** Asks the scheduling loop. Also resolves while that loop is blocked. */
  readonly health: () => Promise<LoopHealth>;
  /** The metrics in the text format of Prometheus; absent if none are collected. */
  readonly metrics?: (() => Promise<MetricsPage>) | undefined;
  readonly clock: Clock;
  readonly version: string;
  /** Called with a fault of beat (`error`, status 500), or a client's mistake (`debug`, status 400, 403 or 413). */
  readonly reportError: (error: unknown, level: 'error' | 'debug') => void;
  /** The most event streams at once: 100 by default, which is also the maximum. */
  readonly maxStreams?: number;
  /** Aborts when the server stops. */
  readonly stopped: AbortSignal;
}

export interface HttpEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: { access: Access; http: HttpSettings };
}

export function entrySource({ store, settings }: HttpContext): EntrySource {
  const { entries, definitions } = settings();
  return { store, entries, definitions };
}
