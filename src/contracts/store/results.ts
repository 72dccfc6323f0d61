import type { TaskOutcome } from '../../celery/message/task-outcome.ts';
import type { Clock } from '../../util/clock.ts';
import type { ServerUrls } from '../broker/server-url.ts';
import type { SentinelLogin, TlsSettings } from '../broker/connection-settings.ts';
import type { ChordSize } from '../../celery/message/message.ts';

/** The part of the workers' result backend that the sender of tasks writes to. */
export interface ResultBackend {
  /**
   * Registers how many results the bodies of chords wait for. Must precede the publishing of any header task: a
   * chord that is not registered never runs its body. Idempotent; rejects with a `StoreError` if the outcome is unknown.
   */
  expect(chords: readonly ChordSize[]): Promise<void>;
  close(): Promise<void>;
}

export interface ResultSettings {
  /** How long results are stored, milliseconds; `null` for ever. */
  readonly expires: number | null;
  /** Whether the backend deletes expired results by itself. */
  readonly expiresByItself: boolean;
  readonly extended: boolean;
  /** The prefix of all keys; empty, or ends in one of `: _ - .`. */
  readonly keyPrefix: string;
  /** Whether the results of a chord have the order of its tasks. */
  readonly chordOrdered: boolean;
  /** Sentinel: the name of the master, and the login of the sentinels. */
  readonly masterName: string | null;
  readonly sentinelKwargs: SentinelLogin;
  /** Encryption of the connection to Redis, where the URL does not configure it. */
  readonly tls: TlsSettings | null;
}

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
  readonly unreadable: ReadonlyMap<string, string>;
}

export type OpenResultReader = (server: ServerUrls, settings: ResultSettings, clock: Clock) => ResultReader;

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
