import type { EventEmitter } from 'node:events';
import type { JobInfo, WorkerEvents } from '../contracts/events/worker-events.ts';
import type { TaskResults } from '../contracts/store/results.ts';
import type { Clock } from '../util/clock.ts';
import { parseJob, type Job } from './job.ts';
import type { CurrentJobs } from './current-jobs.ts';
import type { Host, ProcessGroup } from './process-group.ts';
import { JobFailed, JobRejected, describeResult, resultOf, type JobEnding, type TaskState } from './result.ts';
import type { Retry } from './retry.ts';
import { firstSignal, runJob } from './run-job.ts';
import type { Task } from './task.ts';

export interface JobRunOptions {
  /** The name of the worker in results: `beat@host`. */
  readonly name: string;
  /** `null` to store no results. */
  readonly results: TaskResults | null;
  readonly jobs: Pick<CurrentJobs, 'has'>;
  readonly host: Host;
  readonly clock: Clock;
}

interface JobRunSurroundings extends JobRunOptions {
  readonly events: EventEmitter<WorkerEvents>;
  readonly retry: Retry;
  /** Aborts to end the job because the worker stops. */
  readonly abort: AbortSignal;
}

export interface ActiveJob extends JobInfo {
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

export class JobRun {
  readonly #task: Task;
  readonly #run: JobInfo;
  readonly #options: JobRunSurroundings;
  /** Contains the process group while the job runs. */
  readonly #groups = new Set<ProcessGroup>();
  /** Aborts with the first signal of `terminate` as its reason. */
  readonly #terminated = new AbortController();
  readonly #end: AbortSignal;
  #startedAt: number | null = null;

  constructor(task: Task, queue: string, options: JobRunSurroundings) {
    const { id: taskId, entry, kwargs } = task;
    // The arguments are not checked yet: the command may be anything that JSON can express, or absent.
    const { command = null } = kwargs;
    const text = typeof command === 'string' ? command : JSON.stringify(command);
    this.#task = task;
    this.#run = { taskId, entry, queue, command: text };
    this.#options = options;
    this.#end = AbortSignal.any([options.abort, this.#terminated.signal]);
  }

  /** `null` unless the job runs. */
  get active(): ActiveJob | null {
    return this.#startedAt === null ? null : { ...this.#run, startedAt: this.#startedAt };
  }

  /** Stores that the task expired or was revoked before it began, as Celery's workers do. */
  async discard(reason: 'expired' | 'revoked'): Promise<void> {
    const { events } = this.#options;
    if (reason === 'expired') events.emit('expired', this.#run);
    else events.emit('revoked', { ...this.#run, signal: null });
    await this.#store({ status: 'REVOKED', reason });
  }

  /** Ends the job if it runs: its process group receives this signal, and SIGKILL 10 seconds later. */
  terminate(signal: NodeJS.Signals): void {
    if (this.#startedAt === null) return;
    // The process group receives the first signal from `runJob`.
    if (this.#end.aborted) this.signal(signal);
    this.#terminated.abort(signal);
  }

  /** Sends a signal to the process group of the job if it runs. */
  signal(signal: NodeJS.Signals): void {
    for (const group of this.#groups) group.signal(signal);
  }

  /** Runs the job and stores its result. Resolves with `false` if it was ended because of `abort`. */
  async run(): Promise<boolean> {
    const { clock, events, abort } = this.#options;
    this.#startedAt = clock.now();
    const ending = await this.#execute();
    this.#startedAt = null;
    if (this.#terminated.signal.aborted) {
      events.emit('revoked', { ...this.#run, signal: firstSignal(this.#end) });
      await this.#store({ status: 'REVOKED', reason: 'terminated' });
      return true;
    }
    if (ending.status === 'SUCCESS') {
      events.emit('succeeded', { ...this.#run, description: describeResult(ending.result) });
    } else {
      if (abort.aborted) return false;
      const name = ending.error instanceof JobFailed ? 'failed' : 'rejected';
      events.emit(name, { ...this.#run, description: ending.error.message });
    }
    await this.#store(ending);
    return true;
  }

  /** Reports that the worker ended the job; `lost` if the message will not be delivered again. */
  async interrupt(lost: boolean): Promise<void> {
    this.#options.events.emit('interrupted', { ...this.#run, lost });
    const error = new JobFailed('the worker stopped before the job ended');
    if (lost) await this.#store({ status: 'FAILURE', error });
  }

  async #execute(): Promise<JobEnding> {
    const { host, clock, events } = this.#options;
    const { dueAt, hasFollowUps } = this.#task;
    try {
      const job = await this.#check();
      if (this.#end.aborted) throw new JobFailed('the job was ended before it began');
      events.emit('started', this.#run);
      if (hasFollowUps) events.emit('follow-ups-ignored', this.#run);
      // The job does not wait for the result backend, but its result waits for this record.
      const [ended] = await Promise.allSettled([
        runJob(job, { host, clock, dueAt, groups: this.#groups, signal: this.#end }),
        this.#store({ status: 'STARTED' }),
      ]);
      if (ended.status === 'rejected') throw ended.reason;
      return { status: 'SUCCESS', result: ended.value };
    } catch (error) {
      return { status: 'FAILURE', error: error as Error };
    }
  }

  async #check(): Promise<Job> {
    const { args, kwargs, timeLimit } = this.#task;
    if (args.length > 0) throw new JobRejected('the message has positional arguments');
    if (!(await this.#options.jobs.has(kwargs))) {
      const name = JSON.stringify(kwargs['command']);
      throw new JobRejected(`${name} is not declared in the configuration of this worker, with the same fields`);
    }
    const job = parseJob(kwargs);
    if (typeof job === 'string') throw new JobRejected(`the message cannot be run: ${job}`);
    const limits = [job.timeout, timeLimit].filter((limit) => limit !== null);
    return { ...job, timeout: limits.length === 0 ? null : Math.min(...limits) };
  }

  async #store(state: TaskState): Promise<void> {
    const { results, name: worker, clock, retry } = this.#options;
    if (!results || this.#task.ignoreResult) return;
    const record = resultOf(this.#task, state, { worker, queue: this.#run.queue, now: clock.now() });
    await retry({ kind: 'store-result' }, () => results.store(record), { isBrief: true });
  }
}
