import { constants } from 'node:os';
import { Beat } from '../../beat.ts';
import { systemClock } from '../../util/clock.ts';
import { shortenedTimeouts } from '../../config/broker/connection.ts';
import type { Settings } from '../../config/settings.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { logEvents, type Logger } from '../../observe/log.ts';
import { bannerOf, bannerText } from '../output/banner.ts';
import { celeryNotes } from '../flags/celery-notes.ts';
import { endLoudly } from '../service/crash.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { answerHealth } from '../health/health.ts';
import { isFile } from '../service/logfile.ts';
import { openLog, type Outputs } from '../service/open-log.ts';
import { logFormatOf, originOf, settingsOf, type GlobalFlags } from '../flags/options.ts';
import { takePidfile } from '../service/pidfile.ts';
import { become, pathsOf } from '../service/paths.ts';

export interface StartOptions {
  readonly version: string;
  /** Called once it has read its configuration, opened its store and begins to follow. */
  readonly started: () => Promise<void>;
}

/** `beat start`: runs until it is told to stop. The first signal is a request, the second an order. */
export async function start(flags: GlobalFlags, options: StartOptions): Promise<ExitCode> {
  const { logfile, pidfile } = pathsOf(flags);
  become(flags);
  const outputs = await openLog(flags, logfile);
  const { log } = outputs;
  try {
    endLoudly(outputs);
    const settings = await settingsOf(flags);
    const replaced = pidfile === undefined ? undefined : takePidfile(pidfile).replaced;
    introduce(settings, flags, outputs, options.version);
    if (replaced !== undefined) log.warn({ event: 'pidfile', path: pidfile }, replaced);
    await run(settings, log, isFile(logfile) ? STOP_SIGNALS : [...STOP_SIGNALS, 'SIGHUP'], options);
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
  const beat = new Beat(settings, { origin: originOf() });
  logEvents(beat, log, systemClock);
  const health = await answerHealth(beat.progress, process.pid);
  if (health.trouble !== null) log.warn({ event: 'note' }, health.trouble);
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

/** Banner, or a line of the log that says the same, and what there is to say of flags and configuration. */
function introduce(
  settings: Settings,
  flags: GlobalFlags,
  { log, stdout }: Outputs,
  version: string,
): void {
  const banner = bannerOf(settings, version, systemClock.now());
  const toFile = flags.logfile !== undefined;
  const shown = !flags.quiet && (toFile ? process.stdout.isTTY : logFormatOf(flags) === 'text');
  if (shown) stdout.write(`${bannerText(banner)}\n`);
  if (!shown || toFile) log.info({ event: 'starting', ...banner }, 'beat: Starting...');
  for (const { flag, message, isWarning } of celeryNotes(flags)) {
    log[isWarning ? 'warn' : 'info']({ event: 'note', flag }, message);
  }
  for (const warning of settings.warnings) {
    const { path, file, line } = warning;
    log.warn({ event: 'note', path, file, line }, formatDiagnostic(warning));
  }
  for (const note of shortenedTimeouts(settings)) {
    log.debug({ event: 'note', path: note.path }, formatDiagnostic(note));
  }
}

/**
 * Hears one signal; the next ends the process at once. Not by the signal's default effect, of which the
 * kernel spares the first process of a container.
 */
function onFirstSignal(
  signals: readonly NodeJS.Signals[],
  heard: (signal: NodeJS.Signals) => void,
): void {
  let before = false;
  const listener = (signal: NodeJS.Signals) => {
    if (before) process.exit(128 + constants.signals[signal]);
    before = true;
    heard(signal);
  };
  for (const signal of signals) process.on(signal, listener);
}
