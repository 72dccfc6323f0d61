import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseTaskEvents } from '../../../../src/celery/message/task-outcome.ts';
import { advance, toOutcome, type TaskProgress } from '../../../../src/leader/outcomes/followed-runs.ts';

interface Recorded {
  readonly pool: string;
  readonly case: string;
  /** In the result backend. */
  readonly state: string;
  readonly messages: readonly { readonly contentType: string; readonly body: unknown }[];
}

/** The error of each task that fails; another at most in the words of its worker. */
const ERRORS: Readonly<Record<string, RegExp>> = {
  fails: /^ValueError: on purpose$/,
  fails_after_retry: /^ValueError: each time$/,
  exceeds: /TimeLimitExceeded: TimeLimitExceeded\(1,\)$/,
  loses_worker_for_good: /WorkerLostError: Worker exited prematurely: signal 9/,
  rejects: /Reject: /,
};
/** The shortest runtime of those that take time. Milliseconds. */
const RUNTIMES: Readonly<Record<string, number>> = { succeeds: 200, fails: 100, exceeds: 1_000, sleeps: 400 };

const recorded = ['5.2', '5.7'].flatMap((celery) => {
  const file = join(import.meta.dirname, `../../../conformance/task-events-${celery}.jsonl`);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => ({ celery, ...(JSON.parse(line) as Recorded) }));
});

function outcomeOf(messages: Recorded['messages']) {
  const events = messages.flatMap(({ body }) => parseTaskEvents(Buffer.from(JSON.stringify(body))));
  // The first end is reported, and the run is followed no longer.
  const last = events.findIndex(({ kind }) => kind === 'ended');
  const known = events.slice(0, last + 1).reduce<TaskProgress | null>(advance, null);
  return known?.end ? toOutcome(known.end, known) : null;
}

test.each(recorded)(
  'task events of Celery $celery: "$case" in the pool $pool has the outcome that the result backend has',
  ({ case: task, state, messages }) => {
    const outcome = outcomeOf(messages);
    // `ignores` ignores its result by its own setting.
    if (state === 'PENDING' && task !== 'ignores') {
      expect(outcome).toBeNull();
      return;
    }
    expect(outcome).toMatchObject({ state: task === 'ignores' ? 'SUCCESS' : state, worker: 'celery@host' });
    expect(messages.every(({ contentType }) => contentType === 'application/json')).toBe(true);
    const { runtimeMs, error } = outcome!;
    if (state === 'FAILURE') expect(error).toMatch(ERRORS[task]!);
    else expect(error).toBeNull();
    // A task that expired did not begin.
    const hasBegun = state !== 'REVOKED' || task === 'sleeps';
    if (hasBegun) expect(runtimeMs).toBeGreaterThanOrEqual(RUNTIMES[task] ?? 0);
    else expect(runtimeMs).toBeNull();
  },
);

test('task events: all cases are recorded', () => {
  expect(recorded).toHaveLength(44);
});
