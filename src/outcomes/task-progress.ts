import type { Ended, TaskEvent } from '../message/task-event.ts';
import type { TaskOutcome } from '../message/task-outcome.ts';

/** What the events of workers say about a task. */
export interface TaskProgress {
  /** When it began for the last time, by the clock of its worker, epoch milliseconds; `null` if unknown. */
  readonly startedAt: number | null;
  /** The worker of the newest event. */
  readonly worker: string;
  /** Whether its message is in its queue again. */
  readonly isRequeued: boolean;
  /** How it ended; `null` before. */
  readonly end: Ended | null;
}

/** What is known of a task after an event. Its worker sends events in their order. */
export function advance(progress: TaskProgress | null, event: TaskEvent): TaskProgress {
  const { worker } = event;
  switch (event.kind) {
    case 'started':
      return { startedAt: event.at, worker, isRequeued: false, end: null };
    case 'requeued':
      return { startedAt: null, worker, isRequeued: true, end: null };
    case 'ended': {
      const startedAt = progress?.startedAt ?? null;
      // The failure of an attempt whose worker was lost: another worker runs the task again.
      const isRequeued = progress?.isRequeued === true && event.state === 'FAILURE';
      return { startedAt, worker, isRequeued, end: isRequeued ? null : event };
    }
  }
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
