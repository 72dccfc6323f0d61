import type { AlertKind } from '../../config/alerts/settings.ts';

/** What is wrong with an entry at present. */
type Problem = Exclude<AlertKind, 'recovered'>;

/** The problems of each entry, so that the end of the last one is an alert too. Of this leader alone. */
export class Problems {
  readonly #entries = new Map<string, Set<Problem>>();

  begin(entry: string, problem: Problem): void {
    const problems = this.#entries.get(entry) ?? new Set();
    this.#entries.set(entry, problems.add(problem));
  }

  /** Returns whether the entry has recovered: it had one of these problems, and has none any more. */
  end(entry: string, ...ended: readonly Problem[]): boolean {
    const problems = this.#entries.get(entry);
    if (!problems) return false;
    for (const problem of ended) problems.delete(problem);
    return problems.size === 0 && this.#entries.delete(entry);
  }
}
