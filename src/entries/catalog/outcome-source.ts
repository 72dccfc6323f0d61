import { findLastTask } from '../../celery/canvas/canvas.ts';
import type { Entry } from './entry.ts';
import type { SentEvent } from '../../contracts/events/beat-events.ts';

/**
 * Where the outcome of a run is found: in the result backend and in the events of workers (`result`), or in their events
 * alone (`events`), because the task ignores its result; `null` for a group, which has a result and events for each of
 * its tasks and none of its own.
 */
export type OutcomeSource = 'result' | 'events' | null;

/** Whether an outcome becomes known, where the result backend is read or the events of workers arrive. */
export function isKnown(
  source: OutcomeSource,
  { results, events }: { readonly results: boolean; readonly events: boolean },
): boolean {
  return source !== null && (events || (results && source === 'result'));
}

/** The source for all runs of an entry. A task may still ignore its result by its own setting. */
export function sourceOfEntry({ canvas, options }: Pick<Entry, 'canvas' | 'options'>): OutcomeSource {
  const last = canvas && findLastTask(canvas);
  if (last?.kind === 'group') return null;
  return (last?.options.ignoreResult ?? options.ignoreResult) === true ? 'events' : 'result';
}

/**
 * The source for a run that was published. The run of a chain or chord has the id of its last task, whose message a worker
 * publishes: whether that ignores its result is not known, so its result is read.
 */
export function sourceOfRun({ taskId, messages }: SentEvent): OutcomeSource {
  const [first] = messages;
  const headers = first?.about ?? first?.headers ?? {};
  if (headers['group'] === taskId) return null;
  if (headers['id'] !== taskId) return 'result';
  return headers['ignore_result'] === true ? 'events' : 'result';
}
