import type { ServerUrls } from '../broker/server-url.ts';
import type { TaskOutcome } from '../../celery/message/task-outcome.ts';
import type { Clock } from '../../util/clock.ts';
import type { ResultSettings } from './results.ts';

/** Reads how tasks ended from the result backend of the workers. Opening it connects to no server. */
export interface ResultReader {
  /**
   * The outcomes of the tasks that have ended, in any order: one round trip for many ids, and only the parts of a large
   * result that say how the task ended. Rejects with a `StoreError` if the backend cannot be read.
   */
  read(taskIds: readonly string[]): Promise<Outcomes>;
  close(): Promise<void>;
}

export interface Outcomes {
  readonly ended: readonly TaskOutcome[];
  /** Tasks with a result that beat cannot read, by id, and why. */
  readonly unreadable: ReadonlyMap<string, string>;
}

export type OpenResultReader = (server: ServerUrls, settings: ResultSettings, clock: Clock) => ResultReader;
