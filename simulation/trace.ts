/** A step of a simulation, for the timeline of a failure. */
export interface TraceLine {
  /** Milliseconds since the beginning of the simulation. */
  readonly at: number;
  /** The process, server or client that it is about. */
  readonly who: string;
  readonly text: string;
}

/**
 * Records what happens. The hash is equal for two runs only if the same things happened at the same times. Lines are
 * recorded only where a person will read them: they take more time than the simulation.
 */
export class Trace {
  readonly lines: TraceLine[] | null;
  #high = 0x811c9dc5;
  #low = 0x9e3779b9;

  constructor(recordsLines: boolean) {
    this.lines = recordsLines ? [] : null;
  }

  /** `value` and `other` enter the hash; `describe` returns the text of the line, `what` unless given. */
  add(at: number, who: string, what: string, value = 0, other = 0, describe?: () => string): void {
    this.#mixNumber(Math.round(at * 1_000));
    this.#mixText(who);
    this.#mixText(what);
    this.#mixNumber(value);
    this.#mixNumber(other);
    this.lines?.push({ at, who, text: describe?.() ?? what });
  }

  get hash(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  #mixText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  #mixNumber(value: number): void {
    this.#mix(value | 0);
    this.#mix(Math.floor(value / 2 ** 32) | 0);
  }

  #mix(word: number): void {
    this.#high = Math.imul(this.#high ^ word, 0x01000193);
    this.#low = (Math.imul(this.#low, 0x85ebca6b) + (this.#high >>> 15) + word) | 0;
  }
}
