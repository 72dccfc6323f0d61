import { escapeLine, escapeLines } from '../../util/visible.ts';

/**
 * Writes a line, text or JSON, to standard output, and waits while its reader is behind. Control characters are escaped,
 * because names, reasons, errors and workers may contain any. Resolves with `false` once nothing can be written any more,
 * as after `| head`, or on a full disk.
 */
export async function writeLine(line: string): Promise<boolean> {
  const { stdout } = process;
  if (!stdout.writable) return false;
  const error = await new Promise((resolve) => stdout.write(`${escapeLine(line)}\n`, resolve));
  return !error;
}

export async function writeLines(lines: readonly string[]): Promise<boolean> {
  for (const line of lines) {
    if (!(await writeLine(line))) return false;
  }
  return true;
}

/** Writes a file of the user's to standard output, unchanged. */
export function writeDocument(text: string): void {
  process.stdout.write(text);
}

/** Writes a line to standard error, with control characters escaped. */
export function writeError(line: string): void {
  process.stderr.write(`${escapeLine(line)}\n`);
}

/** Writes a text of several lines to standard error, with control characters escaped. */
export function writeErrors(text: string): void {
  process.stderr.write(`${escapeLines(text)}\n`);
}
