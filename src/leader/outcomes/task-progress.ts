import type { Ended, TaskEvent, TaskOutcome } from '../../celery/message/task-outcome.ts';

/** What the events of workers say about a task. */
export interface TaskProgress {
  /** When it began for the last time, by the clock of its worker, epoch milliseconds; `null` if unknown. */
  readonly startedAt: number | null;
  /** The worker of the newest event. */
  readonly worker: string;
  /** How it ended; `null` before. */
  readonly end: Ended | null;
}

/**
 * What is known of a task after an event. Its worker sends events in their order. A task that is retried, or whose message
 * returned to its queue, begins again.
 */
export function advance(progress: TaskProgress | null, event: TaskEvent): TaskProgress {
  const { worker, at } = event;
  if (event.kind === 'started') return { startedAt: at, worker, end: null };
  return { startedAt: progress?.startedAt ?? null, worker, end: event };
}

/** An outcome from the result backend, with the runtime and the worker that only events have. */
export function addDetails(outcome: TaskOutcome, progress: TaskProgress | null): TaskOutcome {
  if (!progress) return outcome;
  const { end, worker } = progress;
  return {
    ...outcome,
    runtime: outcome.runtime ?? end?.runtime ?? elapsed(progress, end?.at ?? outcome.doneAt),
    worker: outcome.worker ?? worker,
  };
}

/** The outcome of a task that has no result, from its events. */
export function toOutcome(end: Ended, progress: TaskProgress): TaskOutcome {
  const { taskId, state, at: doneAt, runtime, worker, error } = end;
  return addDetails({ taskId, state, doneAt, runtime, worker, error }, progress);
}

function elapsed({ startedAt }: TaskProgress, until: number | null): number | null {
  if (startedAt === null || until === null) return null;
  return Math.max(until - startedAt, 0);
}
