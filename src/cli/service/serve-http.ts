import { extname } from 'node:path';
import { Worker, type ResourceLimits } from 'node:worker_threads';
import type { BirpcReturn } from 'birpc';
import type { Beat } from '../../leader/beat.ts';
import { unprotectedError, type HttpSettings } from '../../config/service/http.ts';
import type { Logger } from '../../observe/logger.ts';
import { pauseAfter } from '../../util/backoff.ts';
import { systemClock as clock } from '../../util/system-clock.ts';
import { waitAtMost } from '../../util/wait.ts';
import { errorAt } from '../../util/diagnostic.ts';
import { BeatError, ConfigError, describeError } from '../../util/errors.ts';
import type { GlobalFlags } from '../flags/options.ts';
import type { HttpThreadCalls, HttpThreadData, InstanceCalls } from './http-thread.ts';

export interface HttpOptions {
  readonly flags: GlobalFlags;
  readonly log: Logger;
  readonly version: string;
}

/**
 * Serves HTTP if the configuration asks for it; `null` otherwise. Throws a `ConfigError` for an address that would be
 * open to other hosts without a token, and a `BeatError` when the address is not available.
 */
export async function serveHttp(beat: Beat, options: HttpOptions): Promise<HttpThread | null> {
  const { http } = beat.settings;
  if (http === null) return null;
  const error = unprotectedError(http);
  if (error !== null) throw new ConfigError([errorAt(['http', 'host'], error)]);
  const { createBirpc } = await import('birpc');
  const { createMetrics } = await import('../../leader/metrics.ts');
  const metrics = createMetrics(beat);
  const calls: InstanceCalls = {
    health: () => beat.liveness.health,
    metrics: () => metrics.render(),
    reportError: (text, level) => options.log[level]({ event: 'http' }, `http: ${text}`),
  };
  const connect = (worker: Worker) =>
    createBirpc<HttpThreadCalls, InstanceCalls>(calls, {
      post: (message) => worker.postMessage(message),
      on: (listener) => worker.on('message', listener),
      timeout: -1,
    });
  const entries = () => beat.settings.entries.length;
  const thread = new HttpThread(http, { ...options, connect, entries });
  await thread.start();
  beat.on('reloaded', () => thread.reload());
  return thread;
}

const PROGRAM = new URL(`http-thread${extname(import.meta.url)}`, import.meta.url);
/** The pause before the thread is started again grows from the first value to the second. Milliseconds. */
const FIRST_PAUSE = 1_000;
const MAX_PAUSE = 30_000;
/**
 * Megabytes of the thread's heap. Requests use far less; without a limit, a mistake in one could end the process. The
 * small young generation saves memory of a server that is mostly idle.
 */
const YOUNG_HEAP = 8;
const HEAP = 256;
/** Megabytes of heap for an entry, which needs 0.7 kB, and twice as much during a reload. */
const HEAP_FOR_ENTRY = 0.004;
/** How long the thread may take to stop: the grace period of its requests, and some time. Milliseconds. */
const STOP_WITHIN = 3_000;

function limitMemory(entries: number): ResourceLimits {
  const maxOldGenerationSizeMb = Math.round(HEAP + entries * HEAP_FOR_ENTRY);
  return { maxYoungGenerationSizeMb: YOUNG_HEAP, maxOldGenerationSizeMb };
}

type ThreadCalls = BirpcReturn<HttpThreadCalls, InstanceCalls>;

interface ThreadOptions extends HttpOptions {
  readonly connect: (worker: Worker) => ThreadCalls;
  /** Counts the entries of the configuration. */
  readonly entries: () => number;
}

/** Runs the thread that answers HTTP. If the thread fails, the scheduler continues, and the thread is started again. */
class HttpThread {
  readonly #options: ThreadOptions;
  readonly #stop = new AbortController();
  #http: HttpSettings;
  #running: { readonly worker: Worker; readonly calls: ThreadCalls } | null = null;
  #failures = 0;

  constructor(http: HttpSettings, options: ThreadOptions) {
    this.#http = http;
    this.#options = options;
  }

  /** Resolves when the server listens. Throws a `BeatError` if it cannot. */
  async start(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { flags, log, version, connect, entries } = this.#options;
    const workerData: HttpThreadData = { flags, http: this.#http, version };
    const resourceLimits = limitMemory(entries());
    const worker = new Worker(PROGRAM, { workerData, name: 'http', resourceLimits });
    const ended = new Promise<string>((resolve) => {
      worker.on('error', (error) => resolve(describeError(error)));
      worker.on('exit', (code) => resolve(`exit code ${code}`));
    });
    const calls = connect(worker);
    const failed = ended.then((reason) => {
      throw new BeatError(reason);
    });
    let url: string;
    try {
      url = await Promise.race([calls.serve(), failed]);
    } catch (error) {
      await worker.terminate();
      throw new BeatError(describeError(error), { cause: error });
    }
    // A thread that is started again listens on the port of the first, even if the system chose that port.
    this.#http = { ...this.#http, port: Number(new URL(url).port) };
    this.#running = { worker, calls };
    log.info({ event: 'http', url }, `http: Listening on ${url}`);
    void ended.then((reason) => this.#restart(reason));
  }

  reload(): void {
    void this.#running?.calls.reload();
  }

  /** Ends streams, and finishes requests for at most two seconds. */
  async close(): Promise<void> {
    this.#stop.abort();
    const { worker, calls } = this.#running ?? {};
    if (!worker || !calls) return;
    const never = new AbortController().signal;
    await waitAtMost(clock, STOP_WITHIN, never, () => calls.close());
    await worker.terminate();
  }

  async #restart(reason: string): Promise<void> {
    this.#running = null;
    if (this.#stop.signal.aborted) return;
    this.#failures += 1;
    const pause = pauseAfter(this.#failures, FIRST_PAUSE, MAX_PAUSE);
    const text = `http: The HTTP thread ended (${reason}); scheduling continues, restarting it in ${Math.round(pause)} ms`;
    this.#options.log.error({ event: 'http' }, text);
    await clock.sleep(pause, this.#stop.signal);
    await this.start().catch((error: unknown) => this.#restart(describeError(error)));
  }
}
