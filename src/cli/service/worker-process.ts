/**
 * The process of `beat start --with-worker` that runs jobs. It is a process of its own, so that neither the
 * output of jobs nor a crash disturbs the scheduler. The two are connected by a channel: each notices the end of
 * the other, also after SIGKILL.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { GlobalFlags } from '../flags/options.ts';
import type { WorkerFlags } from '../flags/worker-flags.ts';

/** Set for the worker's process, which deletes it at once, so that jobs do not inherit it. */
const MARK = 'BEAT_WITH_START';

type Request = 'stop' | 'reload';

/** Starts the worker with the same configuration. `logfile` is the resolved path; `undefined` for none. */
export function startWorker(flags: GlobalFlags & WorkerFlags, logfile: string | undefined) {
  const nodeFlags = ['--disable-sigusr1', ...process.execArgv];
  const args = ['worker', ...formatFlags(flags, logfile)];
  const child = spawn(process.execPath, [...nodeFlags, process.argv[1]!, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  // A message to a process that ends may fail; `ended` reports the end.
  child.on('error', () => {});
  const send = (request: Request) => {
    if (child.connected) child.send(request, () => {});
  };
  let isStopping = false;
  return {
    /** Resolves when the process has ended: with a description, such as `exit code 2`, unless `stop` was called. */
    ended: waitForEnd(child).then((how) => (isStopping ? null : how)),
    /** Lets the worker finish its jobs. A worker that the terminal has already signalled ignores this. */
    stop(): void {
      isStopping = true;
      send('stop');
    },
    /** Makes the worker read the configuration again. */
    reload: () => send('reload'),
  };
}

/** Calls the handlers in the worker's process, if `beat start` started it; `abandoned` when that process has ended. */
export function onRequests(handlers: Record<Request | 'abandoned', () => void>): void {
  const isMarked = process.env[MARK] !== undefined && process.send !== undefined;
  Reflect.deleteProperty(process.env, MARK);
  if (!isMarked) return;
  process.on('message', (request: Request) => handlers[request]());
  process.on('disconnect', () => handlers.abandoned());
  // `beat start` may have ended while this process started.
  if (!process.connected) process.nextTick(() => handlers.abandoned());
  // The channel alone must not keep the process running.
  process.channel?.unref();
}

function formatFlags(flags: GlobalFlags & WorkerFlags, logfile: string | undefined): string[] {
  const given = {
    '--config': flags.config,
    '--broker': flags.broker,
    '--state': flags.state,
    '--result-backend': flags.resultBackend,
    '--loglevel': flags.loglevel,
    '--log-format': flags.logFormat,
    '--logfile': logfile,
    '--concurrency': flags.concurrency,
    '--queues': flags.queues?.join(','),
    '--allow': flags.allow,
    '--acks': flags.acks,
  };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

async function waitForEnd(child: ChildProcess): Promise<string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
