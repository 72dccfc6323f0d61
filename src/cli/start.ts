import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { Beat } from '../beat.ts';
import { systemClock } from '../clock.ts';
import type { Settings } from '../config/settings.ts';
import { formatProblem } from '../errors.ts';
import { createLogger, logEvents, type Logger } from '../observe/log.ts';
import { bannerOf, bannerText } from './banner.ts';
import { celeryNotes } from './celery-notes.ts';
import { endLoudly } from './crash.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { answerHealth } from './health.ts';
import { LogFile, STREAMS } from './logfile.ts';
import { logFormatOf, logLevelOf, originOf, settingsOf, type GlobalFlags } from './options.ts';
import { takePidfile } from './pidfile.ts';
import { become, pathsOf } from './service.ts';

export interface StartOptions {
  readonly version: string;
  /** Called once it has read its configuration, opened its store and begins to follow. */
  readonly started: () => Promise<void>;
}

/** `beat start`: runs until it is told to stop. The first signal is a request, the second an order. */
export async function start(flags: GlobalFlags, options: StartOptions): Promise<ExitCode> {
  const { logfile, pidfile } = pathsOf(flags);
  become(flags);
  const log = openLogger(flags, logfile);
  endLoudly(log);
  const settings = await settingsOf(flags);
  const replaced = pidfile === undefined ? undefined : takePidfile(pidfile).replaced;
  introduce(settings, flags, log, options.version);
  if (replaced !== undefined) log.warn({ event: 'pidfile', path: pidfile }, replaced);

  const beat = new Beat(settings, { origin: originOf() });
  logEvents(beat, log, systemClock);
  const health = await answerHealth(beat.progress, process.pid);
  onFirstSignal((signal) => {
    log.info({ event: 'stopping', signal }, `beat: Shutting down... (${signal})`);
    void beat.stop();
  });
  try {
    await beat.start();
    await options.started();
    await beat.finished();
  } finally {
    health.close();
  }
  return EXIT.ok;
}

function openLogger(flags: GlobalFlags, path = '/dev/stdout'): Logger {
  const level = logLevelOf(flags);
  const stream = STREAMS[path];
  if (stream !== undefined) {
    return createLogger({ level, format: logFormatOf(flags, isatty(stream)), destination: stream });
  }
  const file = new LogFile(path);
  // Without a log file this signal keeps its meaning: whoever starts beat with nohup has set it.
  process.on('SIGHUP', () => file.reopen());
  return createLogger({ level, format: logFormatOf(flags, false), destination: file });
}

/** Banner, or a line of the log that says the same, and what there is to say of flags and configuration. */
function introduce(settings: Settings, flags: GlobalFlags, log: Logger, version: string): void {
  const banner = bannerOf(settings, version, systemClock.now());
  const toFile = flags.logfile !== undefined;
  const shown = !flags.quiet && (toFile ? process.stdout.isTTY : logFormatOf(flags) === 'text');
  if (shown) process.stdout.write(`${bannerText(banner)}\n`);
  if (!shown || toFile) log.info({ event: 'starting', ...banner }, 'beat: Starting...');
  for (const { flag, message, isWarning } of celeryNotes(flags)) {
    log[isWarning ? 'warn' : 'info']({ event: 'note', flag }, message);
  }
  for (const note of settings.notes) {
    log.warn({ event: 'note', ...note, message: undefined }, formatProblem(note));
  }
}

/**
 * Hears one signal; the next ends the process at once. Not by the signal's default effect, of which the
 * kernel spares the first process of a container.
 */
function onFirstSignal(heard: (signal: NodeJS.Signals) => void): void {
  let before = false;
  const listener = (signal: NodeJS.Signals) => {
    if (before) process.exit(128 + constants.signals[signal]);
    before = true;
    heard(signal);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener);
}
