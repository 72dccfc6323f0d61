import { constants } from 'node:os';
import type { TaskError, TaskResult } from '../contracts/store/task-results.ts';
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
  const how = code < 0 ? `signal ${signalName(-code)}` : `exit code ${code}`;
  const output = (stderr || stdout).trim();
  return `${how} after ${seconds} s${output === '' ? '' : `: ${output}`}`;
}

/** The exit code of a job that a signal ended. */
export function codeOfSignal(signal: NodeJS.Signals): number {
  return -constants.signals[signal];
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, each]) => each === number);
  return found?.[0] ?? String(number);
}

/** The Python module of the task's exceptions, which need not exist where the result is read. */
const MODULE = 'beat_shell';

/** How the task of a job ended, as its result. */
export type Ending =
  | { readonly status: 'STARTED' }
  | { readonly status: 'SUCCESS'; readonly result: JobResult }
  | { readonly status: 'FAILURE'; readonly error: Error }
  | { readonly status: 'REVOKED'; readonly reason: RevokeReason };

/**
 * Why a task did not end by itself, in Celery's words: it was `expired` or `revoked` before it began, or
 * `terminated` after that.
 */
type RevokeReason = 'expired' | 'revoked' | 'terminated';

interface Circumstances {
  /** The name of this worker. */
  readonly worker: string;
  readonly queue: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The record of a task in the result backend. */
export function resultOf(
  { id: taskId, name, args, kwargs, retries, groupId, parentId }: Task,
  ending: Ending,
  { worker, queue, now }: Circumstances,
): TaskResult {
  return {
    request: { name, args, kwargs, worker, retries, queue },
    taskId,
    status: ending.status,
    groupId,
    parentId,
    ...describe(ending, worker),
    doneAt: ending.status === 'STARTED' ? null : now,
  };
}

function describe(ending: Ending, worker: string): Pick<TaskResult, 'result' | 'traceback'> {
  switch (ending.status) {
    case 'STARTED':
      return { result: { hostname: worker }, traceback: null };
    case 'SUCCESS':
      return { result: ending.result, traceback: null };
    case 'FAILURE': {
      const { name, message } = ending.error;
      return { result: asError(name, message, MODULE), traceback: `${name}: ${message}` };
    }
    case 'REVOKED':
      return { result: asError('TaskRevokedError', ending.reason, 'celery.exceptions'), traceback: null };
  }
}

function asError(type: string, message: string, module: string): TaskError {
  return { exc_type: type, exc_message: [message], exc_module: module };
}
