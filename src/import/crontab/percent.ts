import type { Cron } from './dialect.ts';

/** A command as its shell receives it. */
interface CommandInput {
  readonly command: string;
  /** `undefined` for an empty standard input. */
  readonly stdin: string | undefined;
  /** What is uncertain because the cron is unknown. */
  readonly note: string | undefined;
}

/**
 * Splits a command at the first `%` without a backslash, and removes the backslash from `\%`. Debian's cron makes one
 * backslash of two in the command, cronie leaves both.
 */
export function splitInput(text: string, cron: Cron | undefined): CommandInput {
  const escaped = cron === 'cronie' ? /\\(%)|\\[^]/g : /\\([%\\])|\\[^]/g;
  const end = /^(?:\\[^]|[^\\%]|\\$)*/.exec(text)![0].length;
  const command = text.slice(0, end);
  const note =
    "Debian's cron makes one backslash of two, cronie leaves both: imported as from Debian's; --cron says which one it was";
  return {
    command: command.replace(escaped, (found, char: string | undefined) => char ?? found),
    stdin: readInput(text.slice(end + 1)),
    note: cron === undefined && /^(?:\\[^\\]|[^\\])*\\\\/.test(command) ? note : undefined,
  };
}

/** The text after the first `%`: others are line breaks, and a last one is added if it is missing. */
function readInput(text: string): string | undefined {
  if (text === '') return undefined;
  const input = text.replace(/(?<!\\)%|\\%/g, (found) => (found === '%' ? '\n' : '%'));
  return input.endsWith('\n') ? input : `${input}\n`;
}
