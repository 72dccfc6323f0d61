import type { ConfigFiles } from '../../config/config-files.ts';
import type { Settings } from '../../config/settings.ts';
import type { Logger } from '../../observe/logger.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { maskText } from '../../util/mask.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { findConfigFiles, readSettings, type GlobalFlags } from '../flags/options.ts';
import { checkReading, heapLimit } from './check-memory.ts';
import { runFast } from './engine.ts';
import { openLog, type Outputs } from './open-log.ts';
import { resolvePaths } from '../flags/placeholders.ts';
import { acquirePidfile } from './pidfile.ts';
import { dropPrivileges } from './privileges.ts';

/** What a service starts with. A service is a subcommand that runs until a signal stops it. */
export interface Service {
  readonly settings: Settings;
  readonly files: ConfigFiles;
  readonly outputs: Outputs;
  /** The resolved path; `undefined` for none. */
  readonly logfile: string | undefined;
}

/** Reading less takes a fraction of a second. Bytes. */
const SMALL_CONFIGURATION = 50_000;

/** Runs a service: as its user, with its log and pidfile, and the configuration as it is at the start. */
export async function runService(flags: GlobalFlags, run: (service: Service) => Promise<void>): Promise<ExitCode> {
  const { logfile, pidfile } = resolvePaths(flags);
  dropPrivileges(flags);
  const outputs = await openLog(flags, logfile);
  try {
    crashOnUncaught(outputs);
    const files = findConfigFiles(flags);
    const { bytes, memory } = await files.measure();
    if (bytes > SMALL_CONFIGURATION) runFast();
    const warning = checkReading(bytes, memory, heapLimit());
    if (warning !== null) outputs.log.warn({ event: 'memory' }, `beat: ${warning}`);
    const settings = await readSettings(flags, process.env, files);
    const replaced = pidfile === undefined ? undefined : acquirePidfile(pidfile);
    if (replaced !== undefined) outputs.log.warn({ event: 'pidfile', path: pidfile }, replaced);
    await run({ settings, files, outputs, logfile });
  } finally {
    await outputs.end();
  }
  return EXIT.ok;
}

/** Logs an uncaught error and exits with 1, without releasing the lock: a follower leads when it expires. */
export function crashOnUncaught({ log, stderr }: Outputs): void {
  process.on('uncaughtException', (error: unknown, origin) => {
    const masked = maskText(error instanceof Error ? (error.stack ?? error.message) : String(error));
    stderr.write(`${masked}\n`);
    log.fatal({ event: 'crashed', origin, error: masked }, `beat: Crashed: ${masked.split('\n', 1)[0]}`);
    process.exit(EXIT.failure);
  });
}

export function logWarnings({ warnings }: Settings, log: Logger): void {
  for (const warning of warnings) {
    const { path, file, line } = warning;
    log.warn({ event: 'configuration', path, file, line }, formatDiagnostic(warning));
  }
}
