import { constants } from 'node:os';
import { Beat } from '../beat.ts';
import { systemClock } from '../clock.ts';
import { createLogger, logEvents } from '../observe/log.ts';
import { bannerOf, bannerText } from './banner.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { answerHealth } from './health.ts';
import { logFormatOf, logLevelOf, originOf, settingsOf, type GlobalFlags } from './options.ts';

const STDOUT = 1;

/** `beat start`: runs until it is told to stop. The first signal is a request, the second an order. */
export async function start(flags: GlobalFlags, version: string): Promise<ExitCode> {
  const format = logFormatOf(flags);
  const log = createLogger({ level: logLevelOf(flags), format, destination: STDOUT });
  const settings = await settingsOf(flags);

  const banner = bannerOf(settings, version, systemClock.now());
  if (format === 'text') process.stdout.write(`${bannerText(banner)}\n`);
  else log.info({ event: 'starting', ...banner }, 'beat: Starting...');

  const beat = new Beat(settings, { origin: originOf() });
  logEvents(beat, log, systemClock);
  const health = await answerHealth(beat.progress, process.pid);
  onFirstSignal((signal) => {
    log.info({ event: 'stopping', signal }, `beat: Shutting down... (${signal})`);
    void beat.stop();
  });
  try {
    await beat.start();
    await beat.finished();
  } finally {
    health.close();
  }
  return EXIT.ok;
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
