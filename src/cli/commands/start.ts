import { constants } from 'node:os';
import { Beat } from '../../beat.ts';
import { systemClock } from '../../util/clock.ts';
import { shortenedTimeouts } from '../../config/broker/timeouts.ts';
import type { Settings } from '../../config/settings.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { logEvents } from '../../observe/log-events.ts';
import type { Logger } from '../../observe/logger.ts';
import { createBanner, formatBanner } from '../output/banner.ts';
import { collectFlagNotes } from '../flags/celery-notes.ts';
import { crashOnUncaught } from '../service/crash.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { answerHealth } from '../health/health.ts';
import { isLogFile } from '../service/logfile.ts';
import { openLog, type Outputs } from '../service/open-log.ts';
import { chooseLogFormat, formatOrigin, readSettings, type GlobalFlags } from '../flags/options.ts';
import { acquirePidfile } from '../service/pidfile.ts';
import { resolvePaths } from '../service/paths.ts';
import { dropPrivileges } from '../service/privileges.ts';

export interface StartOptions {
  readonly version: string;
  /** Called after the configuration is read and the store is open, when the instance begins to follow. */
  readonly started: () => Promise<void>;
}

/** `beat start`: runs until a signal stops it. The first signal stops it gracefully, the second at once. */
export async function start(flags: GlobalFlags, options: StartOptions): Promise<ExitCode> {
  const { logfile, pidfile } = resolvePaths(flags);
  dropPrivileges(flags);
  const outputs = await openLog(flags, logfile);
  const { log } = outputs;
  try {
    crashOnUncaught(outputs);
    const settings = await readSettings(flags);
    const replaced = pidfile === undefined ? undefined : acquirePidfile(pidfile).replaced;
    printBanner(settings, flags, outputs, options.version);
    if (replaced !== undefined) log.warn({ event: 'pidfile', path: pidfile }, replaced);
    await run(
      settings,
      log,
      isLogFile(logfile) ? STOP_SIGNALS : [...STOP_SIGNALS, 'SIGHUP'],
      options,
    );
  } finally {
    await outputs.end();
  }
  return EXIT.ok;
}

const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

async function run(
  settings: Settings,
  log: Logger,
  stopSignals: readonly NodeJS.Signals[],
  { started }: StartOptions,
): Promise<void> {
  const beat = new Beat(settings, { origin: formatOrigin() });
  logEvents(beat, log, systemClock);
  const health = await answerHealth(beat.liveness, process.pid);
  if (health.trouble !== null) log.warn({ event: 'healthcheck' }, health.trouble);
  onFirstSignal(stopSignals, (signal) => {
    log.info({ event: 'stopping', signal }, `beat: Shutting down... (${signal})`);
    void beat.stop();
  });
  try {
    await beat.start();
    await started();
    await beat.finished();
  } finally {
    health.close();
  }
}

/** Prints the banner, or logs its content, and logs the notes about flags and configuration. */
function printBanner(
  settings: Settings,
  flags: GlobalFlags,
  { log, stdout }: Outputs,
  version: string,
): void {
  const banner = createBanner(settings, version, systemClock.now());
  const toFile = flags.logfile !== undefined;
  const isPrinted =
    !flags.quiet && (toFile ? process.stdout.isTTY : chooseLogFormat(flags) === 'text');
  if (isPrinted) stdout.write(`${formatBanner(banner)}\n`);
  if (!isPrinted || toFile) log.info({ event: 'starting', ...banner }, 'beat: Starting...');
  for (const { flag, message, isWarning } of collectFlagNotes(flags)) {
    log[isWarning ? 'warn' : 'info']({ event: 'flag', flag }, message);
  }
  for (const warning of settings.warnings) {
    const { path, file, line } = warning;
    log.warn({ event: 'configuration', path, file, line }, formatDiagnostic(warning));
  }
  for (const note of shortenedTimeouts(settings)) {
    log.debug({ event: 'configuration', path: note.path }, formatDiagnostic(note));
  }
}

/**
 * Calls `handle` for the first signal; the second ends the process at once. It exits explicitly, because
 * the kernel does not apply a signal's default action to process 1 of a container.
 */
function onFirstSignal(
  signals: readonly NodeJS.Signals[],
  handle: (signal: NodeJS.Signals) => void,
): void {
  let received = false;
  const listener = (signal: NodeJS.Signals) => {
    if (received) process.exit(128 + constants.signals[signal]);
    received = true;
    handle(signal);
  };
  for (const signal of signals) process.on(signal, listener);
}
