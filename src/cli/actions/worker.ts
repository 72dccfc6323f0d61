import { hostname } from 'node:os';
import type { ConfigFiles } from '../../config/config-files.ts';
import type { Settings } from '../../config/settings.ts';
import { listDeclaredJobs } from '../../config/shell/shell.ts';
import type { Endpoint } from '../../drivers/endpoint.ts';
import { openConsumer } from '../../drivers/open-consumer.ts';
import { openTaskResults, describeBackend, RESULT_BACKENDS } from '../../drivers/open-results.ts';
import { Liveness } from '../../observe/liveness.ts';
import { logFailures } from '../../observe/log-failures.ts';
import { logWorker } from '../../observe/log-worker.ts';
import type { Logger } from '../../observe/logger.ts';
import { checkFixedSettings } from '../../leader/reload/fixed-settings.ts';
import { Queues } from '../../celery/routing/queues.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { AllowedJobs } from '../../shell-worker/job.ts';
import { CurrentJobs } from '../../shell-worker/current-jobs.ts';
import type { Host } from '../../shell-worker/process-group.ts';
import { ShellWorker } from '../../shell-worker/shell-worker.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { GlobalFlags } from '../flags/options.ts';
import type { WorkerFlags } from '../flags/worker-flags.ts';
import { answerHealth } from '../service/health.ts';
import { onHangup } from '../service/hangup.ts';
import { obeyRemoteControl } from '../service/remote-control.ts';
import { logWarnings, runService } from '../service/run-service.ts';
import { onRequests } from '../service/worker-process.ts';

type Flags = GlobalFlags & WorkerFlags;

/** Milliseconds between two records of progress, which the health check reads. */
const TOUCH_INTERVAL = 1_000;

export interface WorkOptions {
  /** Called when the worker begins to receive messages. */
  readonly started: () => Promise<void>;
}

/** `beat worker`: runs jobs until a signal stops it. The first signal lets the jobs finish, the second ends them. */
export async function work(flags: Flags, { started }: WorkOptions): Promise<ExitCode> {
  if (process.platform === 'win32')
    throw new ConfigError('beat worker needs process groups, which Windows does not have');
  return runService(flags, async ({ settings, files, outputs: { log } }) => {
    logWarnings(settings, log);
    await run(flags, settings, { files, log, started });
  });
}

interface Surroundings extends WorkOptions {
  readonly files: ConfigFiles;
  readonly log: Logger;
}

async function run(flags: Flags, settings: Settings, { files, log, started }: Surroundings): Promise<void> {
  const { concurrency, acks, queues = [settings.shell.queue] } = flags;
  const { broker, connection, transport, declareQueues, shell } = settings;
  const clock = systemClock;
  const consumer = await openConsumer(broker, {
    connection,
    transport,
    declareQueues,
    clock,
    queues: new Queues(settings.queues),
    from: queues,
    prefetch: concurrency,
  });
  const { backend } = settings.results;
  const results = backend && (await openTaskResults(backend, settings.results, clock));
  if (backend && !results) warnAboutResults(backend, log);
  const allowed = findAllowed(flags, settings);
  const read = async () => {
    try {
      const current = await files.read();
      checkFixedSettings(settings, current);
      const found = findAllowed(flags, current);
      const text = `Configuration reloaded (${describeAllowed(found)})`;
      log.info({ event: 'reloaded', jobs: found.size }, text);
      return found;
    } catch (error) {
      const text = `Reload failed, the allowed jobs are unchanged: ${describeError(error)}`;
      log.error({ event: 'reload-failed' }, text);
      return null;
    }
  };
  let reloading = Promise.resolve();
  const jobs = new CurrentJobs(allowed, {
    clock,
    async read() {
      await reloading;
      return (await files.hasChanged()) ? read() : null;
    },
  });
  const stop = new AbortController();
  const node = `beat@${hostname()}`;
  const worker = new ShellWorker(
    { name: node, consumer, results, concurrency, acks, clock, task: shell.task, jobs, host: thisHost() },
    stop.signal,
  );
  logWorker(worker.events, log);
  logFailures(worker.failures, log, clock);

  const reload = () => {
    reloading = reloading.then(read).then((found) => {
      if (found) jobs.replace(found);
    });
  };
  const { onSignal, onRequest } = stopInSteps(worker, stop, log);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal);
  onRequests({
    stop: onRequest,
    reload,
    // After a stop was requested, `beat start` ends early only because of a second signal, which also ends the jobs.
    abandoned: () => (stop.signal.aborted ? worker.abort() : onRequest()),
  });
  onHangup({ closed: () => onSignal('SIGHUP'), asked: reload });
  // A supervisor that reads this line may send signals at once.
  log.info(
    { event: 'consuming', pid: process.pid, queues, broker: broker.masked, concurrency, acks, jobs: allowed.size },
    `worker: Consuming ${queues.join(', ')} from ${broker.masked} (${describeAllowed(allowed)})`,
  );
  warnAboutAllowed(allowed, log);
  const ended = new AbortController();
  const liveness = new Liveness(clock);
  const health = await answerHealth(liveness, process.pid);
  if (health.trouble !== null) log.warn({ event: 'healthcheck' }, health.trouble);
  void touchUntil(ended.signal, liveness);
  const shutdown = () => {
    if (!stop.signal.aborted) onSignal('shutdown of remote control');
  };
  const control = await obeyRemoteControl(settings, { worker, node, shutdown, log });
  try {
    await started();
    await worker.run();
    log.info({ event: 'stopped' }, 'worker: Stopped');
  } finally {
    ended.abort();
    health.close();
    await control?.close();
    await results?.close();
    await consumer.close();
  }
}

/** How `beat worker` stops. */
interface Stops {
  /** The first signal stops receiving, the second ends the jobs, the third kills them. */
  readonly onSignal: (cause: string) => void;
  /** `beat start` asks for a stop because of its own signal. */
  readonly onRequest: () => void;
}

function stopInSteps(worker: ShellWorker, stop: AbortController, log: Logger): Stops {
  const running = () => `running jobs: ${worker.inProgress}`;
  const steps = [
    () => stop.abort(),
    () => worker.abort(),
    () => {
      worker.kill();
      process.exit(EXIT.failure);
    },
  ];
  const texts = ['waiting for jobs, a second signal ends them', 'ending', 'killing'];
  const next = (cause: string) => {
    const text = `worker: Shutting down (${cause}): ${texts.shift()} (${running()})`;
    log.info({ event: 'stopping', signal: cause }, text);
    steps.shift()?.();
  };
  let isRequested = false;
  return {
    onSignal(cause) {
      // Ctrl-C in the terminal signals both processes: after a request, the first signal is not a second step.
      if (isRequested) isRequested = false;
      else next(cause);
    },
    onRequest() {
      if (stop.signal.aborted) return;
      isRequested = true;
      next('beat stops');
    },
  };
}

function findAllowed({ allow }: Flags, settings: Settings): AllowedJobs {
  return new AllowedJobs(allow === 'any' ? 'any' : listDeclaredJobs(settings));
}

function describeAllowed({ size }: AllowedJobs): string {
  return size === null ? 'any job' : `declared jobs: ${size}`;
}

function warnAboutAllowed({ size }: AllowedJobs, log: Logger): void {
  if (size === null) {
    const risk = 'everyone who can write to the broker can run commands on this host';
    log.warn({ event: 'allow-any' }, `--allow any: ${risk}`);
  }
  if (size === 0) {
    const text = 'The configuration declares no shell command, so this worker rejects every message';
    log.warn({ event: 'none-declared' }, text);
  }
}

function warnAboutResults(backend: Endpoint, log: Logger): void {
  const text = `resultBackend: beat worker does not support ${describeBackend(backend)}, so results of jobs are not stored`;
  log.warn({ event: 'no-results' }, `${text}; supported: ${RESULT_BACKENDS}`);
}

function thisHost(): Host {
  return { env: process.env, uid: process.geteuid!(), kill: (pid, signal) => void process.kill(pid, signal) };
}

async function touchUntil(ended: AbortSignal, liveness: Liveness): Promise<void> {
  while (!ended.aborted) {
    liveness.touch();
    await systemClock.sleep(TOUCH_INTERVAL, ended);
  }
}
