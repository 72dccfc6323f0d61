import type { ServerUrls } from '../broker/server-url.ts';
import type { Clock } from '../../util/clock.ts';
import type { ResultSettings } from './results.ts';

/** The part of Celery's result backend that workers write to: one record for each task. */
export interface TaskResults {
  /** Stores the state of a task, in place of an earlier one. Rejects with a `StoreError` if the outcome is unknown. */
  store(result: TaskResult): Promise<void>;
  close(): Promise<void>;
}

export type OpenTaskResults = (server: ServerUrls, settings: ResultSettings, clock: Clock) => TaskResults;

/** The state of a task, as Celery's workers store it. */
export interface TaskResult {
  readonly taskId: string;
  readonly status: 'STARTED' | 'SUCCESS' | 'FAILURE' | 'REVOKED';
  /** What the task returned, as JSON; for a failure a `TaskError`. */
  readonly result: unknown;
  readonly traceback: string | null;
  /** When it ended, epoch milliseconds; `null` before. */
  readonly doneAt: number | null;
  readonly groupId: string | null;
  readonly parentId: string | null;
  /** Stored with the setting `resultExtended`. */
  readonly request: TaskRequest;
}

/** The request of a task, named as Celery stores it. */
export interface TaskRequest {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly worker: string;
  readonly retries: number;
  readonly queue: string;
}

/** An exception as Celery stores it in JSON: Python's `AsyncResult.get` raises a class of that name. */
export interface TaskError {
  readonly exc_type: string;
  readonly exc_message: readonly string[];
  readonly exc_module: string;
}
