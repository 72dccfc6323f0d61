import { findLastTask } from '../../celery/canvas/canvas.ts';
import type { Entry } from './entry.ts';
import type { SentEvent } from '../../contracts/events/beat-events.ts';

/**
 * Where the outcome of a run is found.
 * `result`: in the result backend and in the events of workers.
 * `events`: in the events alone, because the task ignores its result.
 * `null`: nowhere, because the run is a group, whose tasks have separate results and events.
 */
export type OutcomeSource = 'result' | 'events' | null;

/** Whether an outcome becomes known if beat reads the result backend (`results`) or receives the events of workers. */
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
 * The source for a published run. The run of a chain or chord has the id of its last task. A worker publishes that
 * task, so it is unknown whether the task ignores its result, and the result is read.
 */
export function sourceOfRun({ taskId, messages }: SentEvent): OutcomeSource {
  const [first] = messages;
  const headers = first?.about ?? first?.headers ?? {};
  if (headers['group'] === taskId) return null;
  if (headers['id'] !== taskId) return 'result';
  return headers['ignore_result'] === true ? 'events' : 'result';
}
