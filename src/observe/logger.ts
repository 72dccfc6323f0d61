import type { DestinationStream, Logger, pino } from 'pino';
import { onDemand } from '../util/on-demand.ts';
import { systemClock } from '../util/system-clock.ts';
import { escapeLines } from '../util/visible.ts';

export type { Logger } from 'pino';

const loadPino = onDemand((require) => require('pino') as { pino: typeof pino });

/** Celery's log levels in ascending order, with pino's name for each. */
export const LOG_LEVELS = {
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
  fatal: 'fatal',
} as const;

export type LogLevel = keyof typeof LOG_LEVELS;
export type LogFormat = 'json' | 'text';

export interface LogOptions {
  readonly level: LogLevel;
  /** Receives each line with its line end before the logger returns. */
  readonly destination: DestinationStream;
}

/** Formats the time of a line; the many lines of one millisecond share the text. */
function timestamps(): () => string {
  let last = NaN;
  let text = '';
  return () => {
    const now = systemClock.now();
    if (now !== last) [last, text] = [now, `,"time":"${new Date(now).toISOString()}"`];
    return text;
  };
}

/** Creates a logger that writes each line before it returns, so that a crash loses no line. */
export function createLogger({ level, destination }: LogOptions): Logger {
  const { pino: create } = loadPino();
  const options = {
    level: LOG_LEVELS[level],
    base: null,
    timestamp: timestamps(),
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // JSON.stringify escapes neither control characters from U+0080 on nor the controls of bidirectional text.
  return create(options, { write: (line) => destination.write(escapeLines(line)) });
}

/** Renders lines of JSON as text for a terminal. The renderer is slow to load, so it is loaded here. */
export async function asText(destination: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const render = prettyFactory({ hideObject: true, translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l', colorize: false });
  // Line breaks in names and errors are indented, so that the text after them does not look like a log line.
  const format = (line: string) => escapeLines(render(line).trimEnd()).replaceAll('\n', '\n    ');
  return { write: (line) => destination.write(`${format(line)}\n`) };
}
