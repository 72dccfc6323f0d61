import type { Unreadable } from '../../contracts/store/unreadable.ts';
import { escapeLine, truncate } from '../../util/visible.ts';

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

/** The text of a name, reason or error in a table: on one line, of limited length. */
export function formatCell(text: string): string {
  return truncate(escapeLine(truncate(text, MAX_CELL)), MAX_CELL);
}

/** Formats the line about an unreadable record, with the command that removes it. */
export function formatUnreadable({ id, at, reason, repair }: Unreadable): string {
  const when = at === null ? '' : ` of ${at}`;
  return escapeLine(`unreadable${when}: ${formatCell(id)}, ${reason}; ${repair}`);
}
