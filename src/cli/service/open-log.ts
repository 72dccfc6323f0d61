import { isatty } from 'node:tty';
import {
  asText,
  createLogger,
  type LogFormat,
  type Logger,
  type LogLevel,
} from '../../observe/log.ts';
import { LineOutput, openStream, type DropReport } from './line-output.ts';
import { LogFile, STREAMS } from './logfile.ts';
import { logFormatOf, logLevelOf, type GlobalFlags } from '../flags/options.ts';

/** The process's log and its standard streams: none of them blocks or throws. */
export interface Outputs {
  readonly log: Logger;
  readonly stdout: LineOutput;
  readonly stderr: LineOutput;
  /** Writes what still waits for a slow reader. Resolves within two seconds. */
  end(): Promise<void>;
}

/** Opens the log: the file of that path, else standard output. Throws a `ConfigError` for a wrong flag. */
export async function openLog(flags: GlobalFlags, path = '/dev/stdout'): Promise<Outputs> {
  const level = logLevelOf(flags);
  const fd = STREAMS[path];
  const format = logFormatOf(flags, fd !== undefined && isatty(fd));
  const [stdout, stderr] = [new LineOutput(openStream(1)), new LineOutput(openStream(2))];
  const output = fd === undefined ? openFile(path, stderr) : fd === 1 ? stdout : stderr;
  const destination = format === 'text' ? await asText(output) : output;
  const report = await dropReports(level, format);
  output.reportDropsWith(report(path));
  if (output !== stderr) stderr.reportDropsWith(report('/dev/stderr'));
  return {
    log: createLogger({ level, destination }),
    stdout,
    stderr,
    end: async () => void (await Promise.all([output, stdout, stderr].map((each) => each.end()))),
  };
}

function openFile(path: string, stderr: LineOutput): LogFile {
  const file = new LogFile(path, { fallback: stderr });
  process.on('SIGHUP', () => file.reopen());
  return file;
}

/** Reports of dropped lines, in the format of the log's other lines. */
async function dropReports(
  level: LogLevel,
  format: LogFormat,
): Promise<(path: string) => DropReport> {
  let line = '';
  const capture = { write: (text: string) => void (line = text) };
  const log = createLogger({
    level,
    destination: format === 'text' ? await asText(capture) : capture,
  });
  return (path) => (count, cause) => {
    line = '';
    const lines = count === 1 ? '1 log line was dropped' : `${count} log lines were dropped`;
    const error = cause?.message ?? 'the reader was too slow';
    log.warn({ event: 'log-dropped', count, path, error }, `${lines}: ${path}: ${error}`);
    return line;
  };
}
