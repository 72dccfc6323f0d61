/** The names of the entries of an import. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** The number that a name tries next, so that ten thousand equal names are not tried for each other one. */
  readonly #numbers = new Map<string, number>();

  has(name: string): boolean {
    return this.#taken.has(name);
  }

  /** Takes the name itself, or with the first number from 2 that makes it unique: `backup-2`. */
  take(name: string): string {
    let unique = name;
    let number = this.#numbers.get(name) ?? 2;
    for (; this.#taken.has(unique); number += 1) unique = `${name}-${number}`;
    this.#numbers.set(name, number);
    this.#taken.add(unique);
    return unique;
  }
}
