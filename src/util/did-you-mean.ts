/**
 * The known name that a mistyped one most likely meant, or `undefined` when none is close. Case and the
 * difference between `day_of_week`, `dayOfWeek` and `day-of-week` do not count as mistakes.
 */
export function findClosest(
  word: string,
  names: readonly string[],
  /** How many letters may be wrong. More than a third of them, and the guess is noise. */
  most = Math.floor(fold(word).length / 3),
): string | undefined {
  if (word.length > LONGEST || names.length > MOST_NAMES) return undefined;
  const wanted = foldName(word);
  let best = most + 1;
  let found: string | undefined;
  for (const [i, folded] of foldedOf(names).entries()) {
    const name = names[i]!;
    if (name.length > LONGEST || leastDistance(wanted, folded) >= best) continue;
    const distance = editDistance(wanted.text, folded.text, best);
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
  const name = findClosest(word, names);
  return name === undefined ? '' : `; did you mean "${name}"?`;
}

/** A name as it is compared. */
interface Folded {
  readonly text: string;
  /** The letters that it holds, a bit each; signs share the bits of letters. */
  readonly letters: number;
}

/** Of each list, made once: the same keys are compared with every mistake in a file. */
const folds = new WeakMap<readonly string[], readonly Folded[]>();

function foldedOf(names: readonly string[]): readonly Folded[] {
  let folded = folds.get(names);
  if (folded?.length !== names.length) folds.set(names, (folded = names.map(foldName)));
  return folded;
}

function foldName(name: string): Folded {
  const text = fold(name);
  let letters = 0;
  for (let i = 0; i < text.length; i++) letters |= 1 << (text.charCodeAt(i) & 31);
  return { text, letters };
}

function fold(text: string): string {
  return text.toLowerCase().replace(/[\s_-]/g, '');
}

/** No edit distance is less: each letter that only one of two texts holds takes an edit. Most names end here. */
function leastDistance(a: Folded, b: Folded): number {
  const lengths = Math.abs(a.text.length - b.text.length);
  return Math.max(lengths, ones(a.letters & ~b.letters), ones(b.letters & ~a.letters));
}

function ones(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** The rows of one comparison, used again by the next: names are short, and there are millions of them. */
const rows = [
  new Uint8Array(LONGEST + 1),
  new Uint8Array(LONGEST + 1),
  new Uint8Array(LONGEST + 1),
] as const;

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one text into the other; where these
 * are `limit` or more, some number that is not below it. Neither text is longer than `LONGEST`.
 */
function editDistance(a: string, b: string, limit: number): number {
  let [beforeLast, last, row] = rows;
  let leastOfLast = 0;
  for (let j = 0; j <= b.length; j++) last[j] = j;
  for (let i = 1; i <= a.length; i++) {
    let least = (row[0] = i);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row[j] = cost;
      if (cost < least) least = cost;
    }
    // A swap reaches back two rows, and costs one more than what stands there.
    if (least >= limit && leastOfLast >= limit) return limit;
    leastOfLast = least;
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  return last[b.length]!;
}
