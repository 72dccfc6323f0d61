import { isatty } from 'node:tty';
import { asText, createLogger, type LogFormat, type Logger, type LogLevel } from '../../observe/logger.ts';
import { LineOutput, openStream, type DropReport } from './line-output.ts';
import { LogFile, STREAMS } from './logfile.ts';
import { chooseLogFormat, chooseLogLevel, type GlobalFlags } from '../flags/options.ts';

/** The log of the process and its standard streams. None of them blocks or throws. */
export interface Outputs {
  readonly log: Logger;
  readonly stdout: LineOutput;
  readonly stderr: LineOutput;
  /** Flushes lines that are queued for a slow reader. Resolves within two seconds. */
  end(): Promise<void>;
}

/** Opens the log at `path`, by default standard output. Throws a `ConfigError` for an invalid flag. */
export async function openLog(flags: GlobalFlags, path = '/dev/stdout'): Promise<Outputs> {
  const level = chooseLogLevel(flags);
  const fd = STREAMS[path];
  const format = chooseLogFormat(flags, fd !== undefined && isatty(fd));
  const [stdout, stderr] = [new LineOutput(openStream(1)), new LineOutput(openStream(2))];
  const output = fd === undefined ? new LogFile(path, { fallback: stderr }) : fd === 1 ? stdout : stderr;
  if (output instanceof LogFile) process.on('SIGHUP', () => output.reopen());
  const destination = format === 'text' ? await asText(output) : output;
  const report = await createDropReports(level, format);
  output.reportDropsWith(report(path));
  if (output !== stderr) stderr.reportDropsWith(report('/dev/stderr'));
  return {
    log: createLogger({ level, destination }),
    stdout,
    stderr,
    end: async () => void (await Promise.all([output, stdout, stderr].map((each) => each.end()))),
  };
}

/** Creates the reports of dropped lines, in the format of the log's other lines. */
async function createDropReports(level: LogLevel, format: LogFormat): Promise<(path: string) => DropReport> {
  let line = '';
  const capture = { write: (text: string) => void (line = text) };
  const log = createLogger({ level, destination: format === 'text' ? await asText(capture) : capture });
  return (path) => (count, cause) => {
    line = '';
    const lines = count === 1 ? '1 log line was dropped' : `${count} log lines were dropped`;
    const error = cause?.message ?? 'the reader was too slow';
    log.warn({ event: 'log-dropped', count, path, error }, `${lines}: ${path}: ${error}`);
    return line;
  };
}
