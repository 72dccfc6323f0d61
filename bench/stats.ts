/** What repeated measurements of one thing come to. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: number;
}

export function summarize(values: readonly number[]): Summary {
  return {
    median: percentile(values, 50),
    least: Math.min(...values),
    most: Math.max(...values),
    rounds: values.length,
  };
}

/** Returns the percentile by nearest rank, which is one of the values. Throws for an empty list. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (found === undefined) throw new Error('nothing was measured');
  return found;
}

const COUNT = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function count(value: number): string {
  return COUNT.format(value);
}

/** `81,002 to 95,111, 5 rounds` */
export function spread({ least, most, rounds }: Summary, show: (value: number) => string = count): string {
  return rounds === 1 ? 'one round' : `${show(least)} to ${show(most)}, ${rounds} rounds`;
}
