const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Gives ids that only one of two runs has the names of their positions, so that runs of equal structure are equal. */
export class IdNames {
  readonly #names = new Map<string, string>();
  readonly #shared: ReadonlySet<string>;

  /** `shared` are the ids of both runs, such as those in arguments. */
  constructor(shared: ReadonlySet<string>) {
    this.#shared = shared;
  }

  /** The same JSON value with other ids. Names depend on the order in which values are given. */
  rename(value: unknown): unknown {
    if (typeof value === 'string') return this.#nameOf(value);
    if (Array.isArray(value)) return value.map((each) => this.rename(each));
    if (typeof value !== 'object' || value === null) return value;
    const keys = Object.keys(value).sort();
    const pairs = keys.map((key) => [key, this.rename((value as Record<string, unknown>)[key])]);
    return Object.fromEntries(pairs) as unknown;
  }

  #nameOf(text: string): string {
    if (!UUID.test(text) || this.#shared.has(text)) return text;
    const name = this.#names.get(text) ?? `id ${this.#names.size + 1}`;
    this.#names.set(text, name);
    return name;
  }
}

/** The ids in a JSON value. */
export function findIds(value: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'string' && UUID.test(each)) found.add(each);
    return each;
  });
  return found;
}
