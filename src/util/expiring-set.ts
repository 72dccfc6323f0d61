import type { Clock } from './clock.ts';

interface ExpiringSetOptions {
  /** How long a text stays in the set after it was added last. Milliseconds. */
  readonly retention: number;
  /** The most texts in the set; a new text removes the oldest one. */
  readonly limit: number;
  readonly clock: Clock;
}

/** A set of texts that removes each text after a time. */
export class ExpiringSet {
  readonly #options: ExpiringSetOptions;
  /** When each text expires, on the monotonic clock; in this order. */
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

  /** Removes a text. Returns whether the set contained it. */
  delete(text: string): boolean {
    this.#forget();
    return this.#until.delete(text);
  }

  /** Iterates over the texts in the order in which they were added. */
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
