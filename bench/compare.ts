import { isMoreBetter, readFigures, type Figure } from './figures.ts';
import { summarize } from './stats.ts';
import { formatColumns, type Row } from './table.ts';

/** The rows of both trees in one round of a bench. */
export interface Round {
  readonly other: readonly Row[];
  readonly own: readonly Row[];
}

/** A number that both trees have. */
export interface Comparison {
  readonly bench: string;
  readonly what: string;
  readonly unit: string;
  /** Medians over the rounds. */
  readonly other: number;
  readonly own: number;
  /** The median of the ratios own / other of each round, whose runs met the most similar load. */
  readonly ratio: number;
  readonly least: number;
  readonly most: number;
  /** What all rounds agree on, if they do. */
  readonly verdict: 'better' | 'worse' | '';
}

/** A change that every round shows and that is smaller than this share is not reported. */
const TOLERANCE = 0.05;
/** In fewer rounds than this, agreement is chance. */
const LEAST_ROUNDS = 3;

/** Compares each number of each row; rows that only one tree has are left out. */
export function compareRounds(rounds: readonly Round[]): Comparison[] {
  const [first] = rounds;
  if (!first) return [];
  return first.own.flatMap((row) => readFigures(row).flatMap((figure) => compareFigure(rounds, row, figure)));
}

function compareFigure(rounds: readonly Round[], row: Row, { label, unit, step }: Figure): Comparison[] {
  const pairs = rounds.flatMap((round) => {
    const [other, own] = [find(round.other, row, label), find(round.own, row, label)];
    // A time that was too short to be printed has no ratio.
    return other && own ? [{ other, own }] : [];
  });
  if (pairs.length === 0) return [];
  const { median, least, most } = summarize(pairs.map(({ other, own }) => own / other));
  const isVisible = pairs.every(({ other, own }) => Math.abs(own - other) > 1.5 * step);
  return [
    {
      bench: row.bench,
      what: label === '' ? row.what : `${row.what}: ${label}`,
      unit,
      other: summarize(pairs.map(({ other }) => other)).median,
      own: summarize(pairs.map(({ own }) => own)).median,
      ...{ ratio: median, least, most },
      verdict: isVisible && pairs.length >= LEAST_ROUNDS ? judge(least, most, unit) : '',
    },
  ];
}

/** The rows of the first round that only one tree has. */
export function findUnmatched([first]: readonly Round[]): { other: Row[]; own: Row[] } {
  const without = (rows: readonly Row[], others: readonly Row[]) =>
    rows.filter((row) => !others.some((other) => isSame(row, other)));
  if (!first) return { other: [], own: [] };
  return { other: without(first.other, first.own), own: without(first.own, first.other) };
}

/** Formats a table of the comparisons; `names` are the heads of the columns of both trees. */
export function formatComparisons(comparisons: readonly Comparison[], names: { other: string; own: string }): string {
  const lines = comparisons.map((each, i) => [
    comparisons[i - 1]?.bench === each.bench ? '' : each.bench,
    each.what,
    `${show(each.other)} ${each.unit}`.trimEnd(),
    `${show(each.own)} ${each.unit}`.trimEnd(),
    each.ratio.toFixed(2),
    `${each.least.toFixed(2)} to ${each.most.toFixed(2)}`,
    each.verdict,
  ]);
  return formatColumns(['bench', 'what', names.other, names.own, 'ratio', 'rounds', ''], lines, [2, 3, 4]);
}

function judge(least: number, most: number, unit: string): Comparison['verdict'] {
  const [larger, smaller] = isMoreBetter(unit) ? (['better', 'worse'] as const) : (['worse', 'better'] as const);
  if (least > 1 + TOLERANCE) return larger;
  if (most < 1 - TOLERANCE) return smaller;
  return '';
}

function find(rows: readonly Row[], row: Row, label: string): number | undefined {
  const same = rows.find((each) => isSame(each, row));
  return same && readFigures(same).find((figure) => figure.label === label)?.value;
}

function isSame(a: Row, b: Row): boolean {
  return a.bench === b.bench && a.what === b.what;
}

function show(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return new Intl.NumberFormat('en', { maximumFractionDigits: digits }).format(value);
}
