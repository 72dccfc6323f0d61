/**
 * The HTTP server of `beat start`, in a thread of its own, so that no request delays the scheduler. The thread reads
 * the configuration itself, because schedules cannot be sent between threads, and has its own connection to the store.
 * `serve-http.ts` starts it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { createBirpc } from 'birpc';
import type { HttpSettings } from '../../config/service/http.ts';
import type { Settings } from '../../config/settings.ts';
import { serve, type HttpServer } from '../../http/serve.ts';
import type { LoopHealth } from '../../observe/liveness.ts';
import type { MetricsPage } from '../../observe/metrics/metrics.ts';
import { lowerThreadPriority } from '../../util/lower-thread-priority.ts';
import { systemClock as clock } from '../../util/system-clock.ts';
import { reuse, waitAtMost } from '../../util/wait.ts';
import { describeError } from '../../util/errors.ts';
import { VERSION } from '../../util/version.ts';
import { chooseLogLevel, findConfigFiles, type GlobalFlags } from '../flags/options.ts';

export interface HttpThreadData {
  readonly flags: GlobalFlags;
  readonly http: HttpSettings;
}

export interface HttpThreadCalls {
  /** Resolves with the URL, such as `http://127.0.0.1:8040`, when the server listens. */
  serve(): Promise<string>;
  /** Reads the configuration again. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** The functions of the main thread that this thread calls. */
export interface InstanceCalls {
  health(): LoopHealth;
  metrics(): Promise<MetricsPage>;
  reportError(text: string, level: 'error' | 'debug'): void;
}

/** How long the main thread may take to answer before its last answer is used, milliseconds. */
const HEALTH_WITHIN = 500;
/** How old an answer of the main thread may be, milliseconds: many requests share one answer. */
const FRESH = 100;
/** How long a request waits for a reload that has begun, milliseconds. */
const RELOAD_WITHIN = 2_000;

const { flags, http } = workerData as HttpThreadData;
const port = parentPort!;
const stop = new AbortController();
const files = findConfigFiles(flags);
const isDebug = chooseLogLevel(flags) === 'debug';
let server: HttpServer | undefined;
let reloading: Promise<void> = Promise.resolve();
let settings: Settings;

const instance = createBirpc<InstanceCalls, HttpThreadCalls>(
  {
    async serve() {
      server = await serve({ ...http, open });
      // A rejection is not handled: it ends the thread, and the main thread starts it again.
      void server.opened;
      return server.url;
    },
    reload() {
      reloading = reloading.then(read).catch((error: unknown) => reportError(error));
      return reloading;
    },
    async close() {
      stop.abort();
      await server?.close();
      port.close();
    },
  },
  { post: (message) => port.postMessage(message), on: (listener) => port.on('message', listener), timeout: -1 },
);

lowerThreadPriority();

async function read(): Promise<void> {
  settings = await files.read();
}

/** Creates the context of requests. Called when the server listens. */
async function open() {
  reloading = read();
  await reloading;
  return {
    settings: () => settings,
    reloaded: () => waitAtMost(clock, RELOAD_WITHIN, stop.signal, () => reloading),
    health: createHealth(),
    metrics: reuse(() => instance.metrics(), FRESH, clock),
    clock,
    version: VERSION,
    reportError,
  };
}

/** Asks the main thread for its health. While that thread is blocked, the idle time of its last answer grows. */
function createHealth(): () => Promise<LoopHealth> {
  let last: LoopHealth = { idleMs: 0, hasBlockedEntries: false, hasReloadFailed: false };
  let answeredAt = clock.monotonic();
  const ask = async () => {
    last = await instance.health();
    answeredAt = clock.monotonic();
  };
  const askInTime = reuse(() => waitAtMost(clock, HEALTH_WITHIN, stop.signal, ask), FRESH, clock);
  return async () => {
    await askInTime();
    return { ...last, idleMs: Math.round(last.idleMs + clock.monotonic() - answeredAt) };
  };
}

/** Reports an error to the main thread; a client's mistake only if the log shows it, so that a flood costs nothing. */
function reportError(error: unknown, level: 'error' | 'debug' = 'error'): void {
  if (level === 'error' || isDebug) void instance.reportError(describeError(error), level);
}
