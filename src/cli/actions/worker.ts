import { hostname } from 'node:os';
import type { Settings } from '../../config/settings.ts';
import { listDeclaredJobs } from '../../config/shell/shell.ts';
import { openConsumer } from '../../drivers/open-consumer.ts';
import { openTaskResults, describeBackend, RESULT_BACKENDS } from '../../drivers/open-results.ts';
import { Liveness } from '../../observe/liveness.ts';
import { logFailures } from '../../observe/log-failures.ts';
import { logWorker } from '../../observe/log-worker.ts';
import type { Logger } from '../../observe/logger.ts';
import { checkFixedSettings } from '../../leader/reload/fixed-settings.ts';
import { Queues } from '../../celery/routing/queues.ts';
import { systemClock as clock } from '../../util/system-clock.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { sleepUntil } from '../../util/wait.ts';
import { AllowedJobs } from '../../shell-worker/job.ts';
import { CurrentJobs } from '../../shell-worker/current-jobs.ts';
import { ShellWorker } from '../../shell-worker/shell-worker.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { GlobalFlags } from '../flags/options.ts';
import type { WorkerFlags } from '../flags/worker-flags.ts';
import { runFast, settle } from '../service/engine.ts';
import { answerHealth } from '../service/health.ts';
import { onHangup } from '../service/hangup.ts';
import { obeyRemoteControl } from '../service/remote-control.ts';
import { logWarnings, runService, type Service } from '../service/run-service.ts';
import { onRequests } from '../service/worker-process.ts';

type Flags = GlobalFlags & WorkerFlags;

/** `beat worker`: runs jobs until a signal stops it; a second ends the jobs. `started` is called when it receives. */
export function work(started: () => Promise<void>) {
  return (flags: Flags): Promise<ExitCode> => {
    if (process.platform === 'win32')
      throw new ConfigError('beat worker needs process groups, which Windows does not have');
    return runService(flags, (service) => run(flags, service, started));
  };
}

async function run(flags: Flags, service: Service, started: () => Promise<void>): Promise<void> {
  const { settings, outputs } = service;
  const { log } = outputs;
  logWarnings(settings, log);
  const { concurrency, acks, queues = [settings.shell.queue] } = flags;
  const { broker, connection, transport, declareQueues, shell } = settings;
  const consumer = await openConsumer(broker, {
    connection,
    transport,
    declareQueues,
    clock,
    queues: new Queues(settings.queues),
    from: queues,
    prefetch: concurrency,
  });
  const results = await openWorkerResults(settings, log);
  const allowed = findAllowed(flags, settings);
  const { jobs, reload } = reloadJobs(allowed, flags, service);
  const stop = new AbortController();
  const name = `beat@${hostname()}`;
  const host = { env: process.env, uid: process.geteuid!(), kill: process.kill.bind(process) };
  const options = { name, consumer, results, concurrency, acks, clock, task: shell.task, jobs, host };
  const worker = new ShellWorker(options, stop.signal);
  logWorker(worker.events, log);
  logFailures(worker.failures, log, clock);
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
    `worker: Consuming ${queues.join(', ')} from ${broker.masked} (${formatAllowed(allowed)})`,
  );
  warnAboutAllowed(allowed, log);
  const ended = new AbortController();
  const liveness = new Liveness(clock);
  const health = await answerHealth(liveness, process.pid);
  if (health.trouble !== null) log.warn({ event: 'healthcheck' }, health.trouble);
  void sleepUntil(
    clock,
    () => Infinity,
    ended.signal,
    () => liveness.touch(),
  );
  const shutdown = () => {
    if (!stop.signal.aborted) onSignal('shutdown of remote control');
  };
  const control = await obeyRemoteControl(settings, { worker, node: name, shutdown }, log);
  try {
    await started();
    runFast();
    void settle(ended.signal);
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

/** Opens the result backend; `null` without one, and for one that the worker does not support. */
async function openWorkerResults({ results: settings }: Settings, log: Logger) {
  const { backend } = settings;
  if (!backend) return null;
  const results = await openTaskResults(backend, settings, clock);
  if (!results) {
    const text = `resultBackend: beat worker does not support ${describeBackend(backend)}, so results of jobs are not stored`;
    log.warn({ event: 'no-results' }, `${text}; supported: ${RESULT_BACKENDS}`);
  }
  return results;
}

/** The allowed jobs. They are read again by `reload`, and for an unknown job if the files have changed. */
function reloadJobs(allowed: AllowedJobs, flags: Flags, { settings, files, outputs: { log } }: Service) {
  const read = async () => {
    try {
      const current = await files.read();
      checkFixedSettings(settings, current);
      const found = findAllowed(flags, current);
      log.info({ event: 'reloaded', jobs: found.size }, `Configuration reloaded (${formatAllowed(found)})`);
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
  const reload = () => {
    reloading = reloading.then(read).then((found) => {
      if (found) jobs.replace(found);
    });
  };
  return { jobs, reload };
}

/** Stops in three steps: no new jobs, end jobs, kill them. `onSignal` takes the next step, `onRequest` the first. */
function stopInSteps(worker: ShellWorker, stop: AbortController, log: Logger) {
  const kill = () => {
    worker.kill();
    process.exit(EXIT.failure);
  };
  const steps = [
    ['waiting for jobs, a second signal ends them', () => stop.abort()],
    ['ending', () => worker.abort()],
    ['killing', kill],
  ] as const;
  let taken = 0;
  const next = (cause: string) => {
    const [what, take] = steps[taken++] ?? steps[2];
    const text = `worker: Shutting down (${cause}): ${what} (running jobs: ${worker.inProgress})`;
    log.info({ event: 'stopping', signal: cause }, text);
    take();
  };
  let isRequested = false;
  return {
    onSignal: (cause: string) => {
      // Ctrl-C in the terminal signals both processes: after a request, the first signal is not a second step.
      if (isRequested) isRequested = false;
      else next(cause);
    },
    onRequest: () => {
      if (stop.signal.aborted) return;
      isRequested = true;
      next('beat stops');
    },
  };
}

function findAllowed({ allow }: Flags, settings: Settings): AllowedJobs {
  return new AllowedJobs(allow === 'any' ? 'any' : listDeclaredJobs(settings));
}

function formatAllowed({ size }: AllowedJobs): string {
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
