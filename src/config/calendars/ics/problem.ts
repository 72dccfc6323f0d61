/** What is wrong with a calendar file, and in which line (from 1). */
export interface IcsProblem {
  readonly line: number;
  readonly message: string;
}

/** Thrown for the part of a calendar file that is invalid. */
export class IcsError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}
