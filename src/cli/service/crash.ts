import { maskText } from '../../util/mask.ts';
import { EXIT } from '../exit.ts';
import type { Outputs } from './open-log.ts';

/**
 * Ends the process with exit code 1 on an uncaught error, after a log line and the stack on standard error.
 * A scheduler in an unknown state must not continue or release its lock: a follower leads when it expires.
 */
export function crashOnUncaught({ log, stderr }: Outputs): void {
  process.on('uncaughtException', (error: unknown, origin) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const masked = maskText(text);
    stderr.write(`${masked}\n`);
    log.fatal({ event: 'crashed', origin, error: masked }, `beat: Crashed: ${firstLine(masked)}`);
    process.exit(EXIT.failure);
  });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
