import type { Clock } from './clock.ts';

interface ExpiringSetOptions {
  /** How long a text stays in the set after it was added last. Milliseconds. */
  readonly retention: number;
  /** Most texts that the set contains; the oldest are removed. */
  readonly limit: number;
  readonly clock: Clock;
}

/** Texts that are forgotten after a time. */
export class ExpiringSet {
  readonly #options: ExpiringSetOptions;
  /** When each is forgotten, on the monotonic clock; in this order. */
  readonly #until = new Map<string, number>();

  constructor(options: ExpiringSetOptions) {
    this.#options = options;
  }

  add(text: string): void {
    const { clock, retention, limit } = this.#options;
    this.#forget();
    this.#until.delete(text);
    this.#until.set(text, clock.monotonic() + retention);
    if (this.#until.size > limit) this.#until.delete(this.#until.keys().next().value!);
  }

  has(text: string): boolean {
    this.#forget();
    return this.#until.has(text);
  }

  /** Whether the set contained it. */
  delete(text: string): boolean {
    this.#forget();
    return this.#until.delete(text);
  }

  /** In the order in which they were added. */
  [Symbol.iterator](): Iterator<string> {
    this.#forget();
    return this.#until.keys();
  }

  #forget(): void {
    const now = this.#options.clock.monotonic();
    for (const [text, until] of this.#until) {
      if (until > now) return;
      this.#until.delete(text);
    }
  }
}
