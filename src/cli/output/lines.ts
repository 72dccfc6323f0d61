import type { Unreadable } from '../../contracts/store/unreadable.ts';
import { escapeLine, escapeLines, truncate } from '../../util/visible.ts';

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

/** Writes lines until one cannot be written, as `writeLine` does. */
export async function writeLines(lines: Iterable<string>): Promise<boolean> {
  for (const line of lines) {
    if (!(await writeLine(line))) return false;
  }
  return true;
}

/** Writes a public shape as a line of JSON. */
export function writeJson(value: object): Promise<boolean> {
  return writeLine(JSON.stringify(value));
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

/** The most characters of a cell; `--json` prints the whole text. */
const MAX_CELL = 100;

/** Formats rows under a heading as lines, in columns as wide as their widest cell. */
export function formatTable(heading: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [heading, ...rows].map((row) => row.map(formatCell));
  const widths = heading.map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, (row[column] ?? '').length), 0),
  );
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

export type TableColumn<R> = readonly [heading: string, cell: (record: R) => string];

export function formatRecords<R>(columns: readonly TableColumn<R>[], records: readonly R[]): readonly string[] {
  return formatTable(
    columns.map(([heading]) => heading),
    records.map((record) => columns.map(([, cell]) => cell(record))),
  );
}

/** The text of a name, reason or error in a table: on one line, of limited length. */
export function formatCell(text: string): string {
  return truncate(escapeLine(truncate(text, MAX_CELL)), MAX_CELL);
}

export function formatUnreadable({ id, at, reason, repair }: Unreadable): string {
  const when = at === null ? '' : ` of ${at}`;
  return escapeLine(`unreadable${when}: ${formatCell(id)}, ${reason}; ${repair}`);
}
