import type Leven from 'leven';
import { onDemand } from './on-demand.ts';

const leven = onDemand((require) => (require('leven') as { default: typeof Leven }).default);

/** No setting, zone or queue name that is worth suggesting is longer. */
const MAX_LENGTH = 100;

/** The longest list of names has some 600 time zones. */
const MAX_NAMES = 1_000;

/** Returns `; did you mean "minute"?` for the end of an error message, or an empty string. */
export function didYouMean(word: string, names: readonly string[]): string {
  const name = findClosest(word, names);
  return name === undefined ? '' : `; did you mean ${JSON.stringify(name)}?`;
}

/** The name closest to a misspelled one, if any. Ignores case and the style of `dayOfWeek` and `day_of_week`. */
export function findClosest(
  word: string,
  names: readonly string[],
  /** The maximum number of wrong letters. If more than a third are wrong, a suggestion is a guess. */
  maxDistance = Math.floor(normalize(word).length / 3),
): string | undefined {
  if (word.length > MAX_LENGTH || names.length > MAX_NAMES) return undefined;
  const wanted = normalize(word);
  let limit = maxDistance;
  let closest: string | undefined;
  for (const name of names) {
    if (limit < 0) break;
    if (name.length > MAX_LENGTH) continue;
    const distance = measureDistance(wanted, normalize(name), limit);
    if (distance > limit) continue;
    closest = name;
    limit = distance - 1;
  }
  return closest;
}

function normalize(text: string): string {
  return text.toLowerCase().replace(/[\s_-]/g, '');
}

/** The Levenshtein distance, except that two swapped neighbours, the most common mistake, count as one. */
function measureDistance(a: string, b: string, limit: number): number {
  if (a === b) return 0;
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  return isSwap(a, b) ? 1 : leven()(a, b, { maxDistance: limit + 1 });
}

function isSwap(a: string, b: string): boolean {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i += 1;
  return a.slice(i) === `${b[i + 1]}${b[i]}${b.slice(i + 2)}`;
}
