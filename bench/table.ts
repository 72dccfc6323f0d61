/** One line of the table. */
export interface Row {
  readonly bench: string;
  readonly what: string;
  readonly figure: string;
  /** The spread of the rounds, or another explanation of the figure. */
  readonly behind?: string;
  /** What is wanted of it, and whether it is so. */
  readonly wanted?: { readonly text: string; readonly met: boolean };
}

/** A measurement; `quick` takes a fraction of the time and is less accurate. */
export type Bench = (options: { readonly quick: boolean }) => Promise<Row[]> | Row[];

const HEADS = ['bench', 'what', 'measured', 'wanted', ''] as const;

/** A value with what is wanted of it. */
export function atLeast(wanted: number, value: number, show: (value: number) => string) {
  return { text: `≥ ${show(wanted)}`, met: value >= wanted };
}

export function atMost(wanted: number, value: number, show: (value: number) => string) {
  return { text: `≤ ${show(wanted)}`, met: value <= wanted };
}

/** Formats all rows in columns; only the first row of a bench has its name. */
export function formatTable(rows: readonly Row[]): string {
  const lines = rows.map((row, i) => [
    rows[i - 1]?.bench === row.bench ? '' : row.bench,
    row.what,
    row.figure,
    row.wanted ? `${row.wanted.text} ${row.wanted.met ? 'ok' : 'MISSED'}` : '',
    row.behind ?? '',
  ]);
  return formatColumns(HEADS, lines, [HEADS.indexOf('measured')]);
}

/** Formats lines in columns below their heads. Columns of numbers are aligned to the right, so that lengths compare. */
export function formatColumns(
  heads: readonly string[],
  lines: readonly (readonly string[])[],
  numbers: readonly number[],
): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...lines.map((line) => line[column]!.length)));
  const rule = widths.map((width) => '─'.repeat(width));
  const align = (cell: string, column: number) =>
    numbers.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return [heads, rule, ...lines].map((line) => line.map(align).join('  ').trimEnd()).join('\n');
}
