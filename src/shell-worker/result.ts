import { constants } from 'node:os';
import type { TaskError, TaskRequest, TaskResult } from '../contracts/store/results.ts';
import type { Task } from './task.ts';

/** The result of a job's task, in the same form as in deploy/worker/beat_shell.py. */
export interface JobResult {
  /** Negative for the number of the signal that ended the job. */
  readonly exit_code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** The job ended with another exit code than 0, or by a signal, or exceeded its time. */
export class JobFailed extends Error {
  override name = 'JobFailed';
}

/** The worker may not run the job, or cannot start it. */
export class JobRejected extends Error {
  override name = 'JobRejected';
}

/** Such as `exit code 3 after 0.2 s: pg_dump: no such database`. */
export function describeResult({ exit_code: code, stdout, stderr, seconds }: JobResult): string {
  const [signal = -code] = Object.entries(constants.signals).find(([, number]) => number === -code) ?? [];
  const how = code < 0 ? `signal ${signal}` : `exit code ${code}`;
  const output = (stderr || stdout).trim();
  return `${how} after ${seconds} s${output === '' ? '' : `: ${output}`}`;
}

/** The Python module of the task's exceptions, which need not exist where the result is read. */
const MODULE = 'beat_shell';

export type JobEnding =
  { readonly status: 'SUCCESS'; readonly result: JobResult } | { readonly status: 'FAILURE'; readonly error: Error };

/** The state of a task. `REVOKED` has Celery's reason: `expired` or `revoked` before its job, or `terminated`. */
export type TaskState =
  | JobEnding
  | { readonly status: 'STARTED' }
  | { readonly status: 'REVOKED'; readonly reason: 'expired' | 'revoked' | 'terminated' };

/** The record of a task in the result backend. `now` is in epoch milliseconds. */
export function resultOf(
  { id: taskId, name, args, kwargs, retries, groupId, parentId }: Task,
  state: TaskState,
  { worker, queue, now }: Pick<TaskRequest, 'worker' | 'queue'> & { readonly now: number },
): TaskResult {
  return {
    request: { name, args, kwargs, worker, retries, queue },
    taskId,
    status: state.status,
    groupId,
    parentId,
    ...describe(state, worker),
    doneAt: state.status === 'STARTED' ? null : now,
  };
}

function describe(state: TaskState, worker: string): Pick<TaskResult, 'result' | 'traceback'> {
  switch (state.status) {
    case 'STARTED':
      return { result: { hostname: worker }, traceback: null };
    case 'SUCCESS':
      return { result: state.result, traceback: null };
    case 'FAILURE': {
      const { name, message } = state.error;
      return { result: asError(name, message, MODULE), traceback: `${name}: ${message}` };
    }
    case 'REVOKED':
      return { result: asError('TaskRevokedError', state.reason, 'celery.exceptions'), traceback: null };
  }
}

function asError(type: string, message: string, module: string): TaskError {
  return { exc_type: type, exc_message: [message], exc_module: module };
}
