/**
 * The known name that a mistyped one most likely meant, or `undefined` when none is close. Case and the
 * difference between `day_of_week`, `dayOfWeek` and `day-of-week` do not count as mistakes.
 */
export function nearest(
  word: string,
  names: readonly string[],
  /** How many letters may be wrong. More than a third of them, and the guess is noise. */
  most = Math.floor(fold(word).length / 3),
): string | undefined {
  if (word.length > LONGEST || names.length > MOST_NAMES) return undefined;
  const wanted = fold(word);
  let best = most + 1;
  let found: string | undefined;
  for (const [i, folded] of foldedOf(names).entries()) {
    const name = names[i]!;
    if (name.length > LONGEST) continue;
    const distance = editDistance(wanted, folded, best);
    if (distance >= best) continue;
    best = distance;
    found = name;
  }
  return found;
}

/** No name of beat's or Celery's is longer, and the work grows with the square of the length. */
const LONGEST = 100;

/** The longest list that is searched is that of some 600 time zones. */
const MOST_NAMES = 1_000;

/** `; did you mean "minute"?`, to end an error message with; empty when nothing is near. */
export function didYouMean(word: string, names: readonly string[]): string {
  const name = nearest(word, names);
  return name === undefined ? '' : `; did you mean "${name}"?`;
}

/** Of each list, made once: the same keys are compared with every mistake in a file. */
const folds = new WeakMap<readonly string[], readonly string[]>();

function foldedOf(names: readonly string[]): readonly string[] {
  let folded = folds.get(names);
  if (folded?.length !== names.length) folds.set(names, (folded = names.map(fold)));
  return folded;
}

function fold(text: string): string {
  return text.toLowerCase().replace(/[\s_-]/g, '');
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one text into the other; where these
 * are `limit` or more, some number that is not below it.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    // A swap reaches back two rows, and costs one more than what stands there.
    if (Math.min(...row) >= limit && Math.min(...last) >= limit) return limit;
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
