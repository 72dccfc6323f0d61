import type { Settings } from '../../config/settings.ts';
import type { Logger } from '../../observe/logger.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';

/** Logs the warnings about a valid configuration. */
export function logWarnings({ warnings }: Settings, log: Logger): void {
  for (const warning of warnings) {
    const { path, file, line } = warning;
    log.warn({ event: 'configuration', path, file, line }, formatDiagnostic(warning));
  }
}
