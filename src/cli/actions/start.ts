import { constants, hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Beat } from '../../leader/beat.ts';
import { systemClock } from '../../util/system-clock.ts';
import { shortenedTimeouts } from '../../config/broker/connection.ts';
import type { Settings } from '../../config/settings.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { logEvents } from '../../observe/log-events.ts';
import { findScheduleFiles } from '../../observe/schedule-files.ts';
import { createBanner, formatBanner } from '../output/banner.ts';
import { collectFlagNotes } from '../flags/celery-flags.ts';
import { EXIT, ExitError, type ExitCode } from '../exit.ts';
import { runFast, settle } from '../service/engine.ts';
import { answerHealth } from '../service/health.ts';
import type { Outputs } from '../service/open-log.ts';
import { chooseLogFormat, formatOrigin, type GlobalFlags } from '../flags/options.ts';
import type { WorkerFlags } from '../flags/worker-flags.ts';
import { formatNodeName } from '../flags/placeholders.ts';
import { sendAlerts } from '../service/alerts.ts';
import { answerRemoteControl } from '../service/remote-control.ts';
import { checkMemory, checkPreparation, heapLimit } from '../service/check-memory.ts';
import { onHangup } from '../service/hangup.ts';
import { runService, logWarnings, type Service } from '../service/run-service.ts';
import { serveHttp } from '../service/serve-http.ts';
import { watchFiles } from '../service/watch-files.ts';
import { startWorker } from '../service/worker-process.ts';

interface StartFlags extends GlobalFlags, WorkerFlags {
  readonly watch?: boolean;
  readonly withWorker?: boolean;
}

/**
 * `beat start`: runs until a signal stops it. The first signal stops it gracefully, the second at once. `started` is
 * called after the configuration is read and the store is open, when the instance begins to follow.
 */
export function start(started: () => Promise<void>) {
  return (flags: StartFlags): Promise<ExitCode> => runService(flags, (service) => run(flags, service, started));
}

const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

async function run(flags: StartFlags, { settings, files, outputs, logfile }: Service, started: () => Promise<void>) {
  const { log } = outputs;
  const worker = flags.withWorker ? startWorker(flags, logfile) : null;
  const node = formatNodeName(flags.hostname, hostname());
  // Celery's files are in the working directory, if beat has replaced celery beat there, or in the folder of the
  // project.
  const folders = ['.', ...settings.files.map((file) => dirname(file))].map((path) => resolve(path));
  const findSchedulers = () => findScheduleFiles(folders);
  const beat = new Beat(settings, { origin: formatOrigin(), source: files, findSchedulers });
  logEvents(beat, log, systemClock);
  beat.on('reloaded', () => {
    logWarnings(beat.settings, log);
    worker?.reload();
  });
  // A failed reload was logged.
  const reload = () => beat.reload().catch(() => {});
  const watching = new AbortController();
  const attached: { close(): Promise<void> }[] = [];
  const stop = (signal: NodeJS.Signals) => {
    log.info({ event: 'stopping', signal }, `beat: Shutting down... (${signal})`);
    worker?.stop();
    void beat.stop();
  };
  // beat without its worker would publish commands that do not run.
  void worker?.ended.then((how) => {
    if (how === null) return;
    log.fatal({ event: 'worker-ended' }, `beat: The worker ended (${how}); shutting down`);
    void beat.stop();
  });
  onFirstSignal(stop);
  onHangup({ closed: () => stop('SIGHUP'), asked: () => void reload() });
  checkPreparation(settings.preparationMemory, heapLimit());
  // A signal that arrives after the first line stops beat gracefully.
  printBanner(settings, flags, outputs);
  const warning = checkMemory(settings.entries.length, heapLimit());
  if (warning !== null) log.warn({ event: 'memory' }, `beat: ${warning}`);
  const health = await answerHealth(beat.liveness, process.pid);
  if (health.trouble !== null) log.warn({ event: 'healthcheck' }, health.trouble);
  try {
    // Each is closed also when a later one or beat itself cannot start: an open server would keep the process running.
    for (const attach of [
      () => serveHttp(beat, flags, log),
      () => answerRemoteControl(beat, node, log),
      () => sendAlerts(beat, log),
    ]) {
      const service = await attach();
      if (service) attached.push(service);
    }
    await beat.start();
    await started();
    void settle(watching.signal);
    optimizeIfBusy(beat);
    if (flags.watch) void watchFiles(files, reload, systemClock, watching.signal);
    await beat.finished();
  } finally {
    watching.abort();
    await Promise.all(attached.map((service) => service.close()));
    health.close();
    worker?.stop();
  }
  const how = (await worker?.ended) ?? null;
  if (how !== null) throw new ExitError(`beat: the worker ended (${how})`, EXIT.failure);
}

/** With more entries, or runs of a tick, optimized code and a growing heap are worth their memory. */
const FEW = 100;

function optimizeIfBusy(beat: Beat): void {
  const optimize = (count: number) => {
    if (count > FEW) runFast();
  };
  const { entries, http } = beat.settings;
  optimize(http === null ? entries.length : Infinity);
  beat.on('tick', ({ sent }) => optimize(sent));
  beat.on('reloaded', (reloaded) => optimize(reloaded.entries));
}

/** Prints the banner, or logs its content, and logs the notes about flags and configuration. */
function printBanner(settings: Settings, flags: GlobalFlags, { log, stdout }: Outputs): void {
  const banner = createBanner(settings, systemClock.now());
  const toFile = flags.logfile !== undefined;
  const isPrinted = !flags.quiet && (toFile ? process.stdout.isTTY : chooseLogFormat(flags) === 'text');
  if (isPrinted) stdout.write(`${formatBanner(banner)}\n`);
  if (!isPrinted || toFile) log.info({ event: 'starting', ...banner }, 'beat: Starting...');
  for (const { flag, message, isWarning } of collectFlagNotes(flags)) {
    log[isWarning ? 'warn' : 'info']({ event: 'flag', flag }, message);
  }
  logWarnings(settings, log);
  for (const note of shortenedTimeouts(settings)) {
    log.debug({ event: 'configuration', path: note.path }, formatDiagnostic(note));
  }
}

/** Calls `handle` for the first signal. The second exits: process 1 of a container has no default action for it. */
function onFirstSignal(handle: (signal: NodeJS.Signals) => void): void {
  let received = false;
  const listener = (signal: NodeJS.Signals) => {
    if (received) process.exit(128 + constants.signals[signal]);
    received = true;
    handle(signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, listener);
}
