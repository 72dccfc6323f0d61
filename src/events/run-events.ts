// docs/events.md is generated from the comments and tags of this file: `npm run docs`.
import type { SkipReason } from '../message/skip-reasons.ts';
import type { Message } from '../message/message.ts';
import type { RunCause } from '../message/run.ts';

/** A run was committed and its messages are in their queues. */
export interface SentEvent {
  /** The name of the entry. */
  readonly entry: string;
  /** The name of the task. */
  readonly task: string;
  /** The id under which the result of the run is found. */
  readonly taskId: string;
  /** The queue of the first message, or its exchange if the message names no queue. */
  readonly queue: string;
  /**
   * The nominal instant of the run.
   * @unit epoch ms
   */
  readonly dueAt: number;
  /** Why it was published. */
  readonly cause: RunCause;
  /**
   * When its messages were rendered. The log has `latenessMs` instead: how much later than `dueAt` that was.
   * @unit epoch ms
   */
  readonly sentAt: number;
  /** The fencing token of the term. */
  readonly term: number;
  /** All messages of the run in publishing order; not in the log. */
  readonly messages: readonly Message[];
}

/** The relay published a message that was delayed in the outbox. */
export interface DeliveredEvent {
  /** The name of the entry. */
  readonly entry: string;
  /**
   * The nominal instant of the run.
   * @unit epoch ms
   */
  readonly dueAt: number;
  /** Why the run was published. */
  readonly cause: RunCause;
  /** The name of the task. */
  readonly task: string;
  /** The id of the task. */
  readonly taskId: string;
  /** Where the message went, such as `queue "celery"`. */
  readonly to: string;
  /** The message; not in the log. */
  readonly message: Message;
}

/** The number of messages that wait in the outbox changed, or the oldest of them did. */
export interface OutboxEvent {
  /** How many messages the broker rejects; they are published again after a pause. */
  readonly waiting: number;
  /**
   * When the oldest of them was due; `null` if none waits.
   * @unit epoch ms
   */
  readonly oldest: number | null;
}

/** A run has an outcome. Needs `resultBackend` or the task events of workers; see [outcomes](outcomes.md). */
export interface OutcomeEvent {
  /** The name of the entry. */
  readonly entry: string;
  /**
   * The nominal instant of the run.
   * @unit epoch ms
   */
  readonly dueAt: number;
  /** The id under which the result of the run is found. */
  readonly taskId: string;
  /** The name of the task. */
  readonly task: string;
  /**
   * When its messages were rendered.
   * @unit epoch ms
   */
  readonly sentAt: number;
  /**
   * `SUCCESS`, `FAILURE` or `REVOKED`, as the worker stored it; `LOST` if a run of an entry that limits overlap has no
   * outcome within `maxRuntime`.
   */
  readonly state: string;
  /**
   * When the worker stored it, or the task ended; `null` if unknown.
   * @unit epoch ms
   */
  readonly doneAt: number | null;
  /**
   * How long the task ran; `null` if unknown. Task events have it, and results of shell commands in JSON.
   * @unit ms
   */
  readonly runtimeMs: number | null;
  /** The name of the worker; `null` without task events or `result_extended` of the workers. */
  readonly worker: string | null;
  /** The exception in one line; `null` unless the run failed. */
  readonly error: string | null;
}

/** Occurrences of an entry were skipped: beat will never run them. */
export interface SkippedEvent {
  /** The name of the entry. */
  readonly entry: string;
  /** Why they were skipped. */
  readonly reason: SkipReason;
  /**
   * The oldest skipped occurrence.
   * @unit epoch ms
   */
  readonly first: number;
  /**
   * The newest skipped occurrence.
   * @unit epoch ms
   */
  readonly last: number;
  /** How many occurrences; `null` if there were too many to count: more than 10,000 in any case. */
  readonly count: number | null;
  /** Those of them that were committed before it turned out that no queue receives them. */
  readonly withdrawn?: readonly WithdrawnRun[];
}

/** A committed run without a message in any queue, now or later. */
export interface WithdrawnRun {
  /** The id under which its result would be found. */
  readonly taskId: string;
  /**
   * Its nominal instant.
   * @unit epoch ms
   */
  readonly dueAt: number;
  /** The fencing token of the term that withdrew it. */
  readonly term: number;
}
