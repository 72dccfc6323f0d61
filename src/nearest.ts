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
  const wanted = fold(word);
  let best = most + 1;
  let found: string | undefined;
  for (const name of names) {
    const distance = editDistance(wanted, fold(name));
    if (distance >= best) continue;
    best = distance;
    found = name;
  }
  return found;
}

/** `; did you mean "minute"?`, to end an error message with; empty when nothing is near. */
export function didYouMean(word: string, names: readonly string[]): string {
  const name = nearest(word, names);
  return name === undefined ? '' : `; did you mean "${name}"?`;
}

function fold(text: string): string {
  return text.toLowerCase().replace(/[\s_-]/g, '');
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
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
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
