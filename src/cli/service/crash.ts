import { maskText } from '../../util/mask.ts';
import { EXIT } from '../exit.ts';
import type { Outputs } from './open-log.ts';

/**
 * What nobody caught ends the process, with a line in the log, the stack on standard error and exit code
 * 1: a scheduler in an unknown state must not go on. The lock is not released, for the same reason; a
 * follower leads when it has run out.
 */
export function endLoudly({ log, stderr }: Outputs): void {
  process.on('uncaughtException', (error: unknown, origin) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const told = maskText(text);
    stderr.write(`${told}\n`);
    log.fatal({ event: 'crashed', origin, error: told }, `beat: Crashed: ${firstLine(told)}`);
    process.exit(EXIT.failure);
  });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
