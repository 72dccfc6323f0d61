import type { Cron } from './dialect.ts';

/** The layout of a table: of a user, of the system with a user in each line, or of anacron. */
export type TableFormat = 'user' | 'system' | 'anacron';

/** What becomes of a line, with the reason. */
export interface LeftLine {
  /** As in `Left`: not imported unless given. */
  readonly kind?: 'different' | 'note';
  readonly reason: string;
  readonly line: number;
  /** Whether cron rejects the line too. */
  readonly isRejected?: true;
}

/** How to read a table. */
export interface TableOptions {
  readonly format: TableFormat;
  /** The cron that ran it; `undefined` if that is unknown. */
  readonly cron: Cron | undefined;
  /** The user whose table it is; `undefined` if that is unknown, and for those that name users. */
  readonly owner: string | undefined;
}
