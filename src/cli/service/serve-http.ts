import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
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

const PROGRAM = new URL(`http-thread${extname(import.meta.url)}`, import.meta.url);
/** The pause before the thread is started again grows from the first value to the second. Milliseconds. */
const FIRST_PAUSE = 1_000;
const MAX_PAUSE = 30_000;
/** Megabytes of the thread's heap: more than requests use, with a small young generation for an idle server. */
const YOUNG_HEAP = 8;
const HEAP = 256;
/** Megabytes of heap for an entry, which needs 0.7 kB, and twice as much during a reload. */
const HEAP_FOR_ENTRY = 0.004;
/** How long the thread may take to stop: the grace period of its requests, and some time. Milliseconds. */
const STOP_WITHIN = 3_000;

/**
 * Serves HTTP in a thread if the configuration asks for it; `null` otherwise. If the thread fails, the scheduler
 * continues, and the thread is started again. Throws a `ConfigError` for an address that would be open to other hosts
 * without a token, and a `BeatError` when the address is not available.
 */
export async function serveHttp(
  beat: Beat,
  flags: GlobalFlags,
  log: Logger,
): Promise<{ close(): Promise<void> } | null> {
  let { http } = beat.settings;
  if (http === null) return null;
  const error = unprotectedError(http);
  if (error !== null) throw new ConfigError([errorAt(['http', 'host'], error)]);
  const { createBirpc } = await import('birpc');
  const { createMetrics } = await import('../../leader/metrics.ts');
  const metrics = createMetrics(beat);
  const calls: InstanceCalls = {
    health: () => beat.liveness.health,
    metrics: () => metrics.render(),
    reportError: (text, level) => log[level]({ event: 'http' }, `http: ${text}`),
  };
  const connect: Connect = (worker) =>
    createBirpc<HttpThreadCalls, InstanceCalls>(calls, {
      post: (message) => worker.postMessage(message),
      on: (listener) => worker.on('message', listener),
      timeout: -1,
    });
  const stop = new AbortController();
  const isStopped = () => stop.signal.aborted;
  const start = async (settings: HttpSettings) => {
    const thread = await startThread({ flags, http: settings }, beat.settings.entries.length, connect);
    log.info({ event: 'http', url: thread.url }, `http: Listening on ${thread.url}`);
    return thread;
  };
  let running: HttpThread | null = await start(http);
  // A thread that is started again listens on the port of the first, even if the system chose that port.
  http = { ...http, port: Number(new URL(running.url).port) };
  const superviseFrom = async (first: HttpThread) => {
    let reason = await first.ended;
    for (let failures = 1; !isStopped(); failures += 1) {
      running = null;
      const pause = pauseAfter(failures, FIRST_PAUSE, MAX_PAUSE, Math.random);
      const text = `http: The HTTP thread ended (${reason}); scheduling continues, restarting it in ${Math.round(pause)} ms`;
      log.error({ event: 'http' }, text);
      await clock.sleep(pause, stop.signal);
      if (isStopped()) return;
      try {
        running = await start(http);
        reason = await running.ended;
      } catch (failure) {
        reason = describeError(failure);
      }
    }
  };
  void superviseFrom(running);
  beat.on('reloaded', () => void running?.calls.reload());
  return {
    /** Ends streams, and finishes requests for at most two seconds. */
    async close() {
      stop.abort();
      if (!running) return;
      const { worker, calls: thread } = running;
      await waitAtMost(clock, STOP_WITHIN, new AbortController().signal, () => thread.close());
      await worker.terminate();
    },
  };
}

type Connect = (worker: Worker) => BirpcReturn<HttpThreadCalls, InstanceCalls>;

interface HttpThread {
  readonly worker: Worker;
  readonly calls: ReturnType<Connect>;
  readonly url: string;
  readonly ended: Promise<string>;
}

/** Starts the thread. Resolves when the server listens. Throws a `BeatError` if it cannot. */
async function startThread(workerData: HttpThreadData, entries: number, connect: Connect): Promise<HttpThread> {
  const maxOldGenerationSizeMb = Math.round(HEAP + entries * HEAP_FOR_ENTRY);
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_HEAP, maxOldGenerationSizeMb };
  const worker = new Worker(PROGRAM, { workerData, name: 'http', resourceLimits });
  const ended = new Promise<string>((resolve) => {
    worker.on('error', (error) => resolve(describeError(error)));
    worker.on('exit', (code) => resolve(`exit code ${code}`));
  });
  const calls = connect(worker);
  const failed = ended.then((reason) => {
    throw new BeatError(reason);
  });
  try {
    return { worker, calls, ended, url: await Promise.race([calls.serve(), failed]) };
  } catch (error) {
    await worker.terminate();
    throw new BeatError(describeError(error), { cause: error });
  }
}
