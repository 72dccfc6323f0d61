import { setTimeout as delay } from 'node:timers/promises';
import type { TaskResult, TaskResults } from '../src/contracts/store/results.ts';
import type { QueuedRun } from '../test/support/queues.ts';
import { Random } from './random.ts';

/** A task that the worker received. Epoch milliseconds. */
export interface WorkedTask {
  readonly id: string;
  readonly receivedAt: number;
  /** When it ended, and the worker began to store its outcome; `null` for a worker that was killed. */
  endedAt: number | null;
  /** When its outcome was stored for certain; `null` before. */
  storedAt: number | null;
}

export interface WorkerOptions {
  readonly seed: number;
  readonly results: TaskResults;
  /** Every message of the queue, oldest first. The worker leaves them there for the checker. */
  readonly readQueue: () => Promise<readonly QueuedRun[]>;
}

/** Milliseconds. */
const POLL_INTERVAL = 100;
const RETRY_PAUSE = 100;
/** The shortest and the longest time that a task takes. Milliseconds. */
const DURATION = [20, 5_000] as const;
/** The share of tasks whose worker is killed: they have no outcome. */
const KILLED = 0.15;

/** A simulated worker: its tasks take random times, some never end, and it stores the outcomes as Celery does. */
export class Worker implements AsyncDisposable {
  /** The tasks by id, in the order in which they were received. */
  readonly tasks = new Map<string, WorkedTask>();
  /** When each task was revoked, epoch milliseconds, by task id. */
  readonly revoked = new Map<string, number>();
  readonly #options: WorkerOptions;
  readonly #random: Random;
  readonly #closing = new AbortController();
  readonly #finishing = new AbortController();
  readonly #polling: Promise<void>;
  readonly #working = new Set<Promise<void>>();
  readonly #endings = new Map<string, AbortController>();

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#random = new Random(options.seed ^ 0x3a5c);
    this.#polling = this.#poll();
  }

  /** Ends these tasks, unless their worker was killed. */
  revoke(taskIds: readonly string[]): void {
    for (const id of taskIds) {
      if (!this.revoked.has(id)) this.revoked.set(id, Date.now());
      this.#endings.get(id)?.abort();
    }
  }

  /** Ends all tasks, unless their worker was killed. Later tasks end at once. */
  finish(): void {
    this.#finishing.abort();
    for (const ending of this.#endings.values()) ending.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.finish();
    await this.#polling;
    await Promise.all(this.#working);
    await this.#options.results.close();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // The server is down or frozen at times, and has no such queue at first.
      const closed = new Promise<[]>((resolve) => {
        signal.addEventListener('abort', () => resolve([]), { once: true });
      });
      const queued = await Promise.race([this.#options.readQueue().catch(() => []), closed]);
      for (const { id } of queued) if (!this.tasks.has(id)) this.#receive(id);
      await delay(POLL_INTERVAL, null, { signal }).catch(() => {});
    }
  }

  #receive(id: string): void {
    const task: WorkedTask = { id, receivedAt: Date.now(), endedAt: null, storedAt: null };
    this.tasks.set(id, task);
    const isKilled = this.#random.chance(KILLED);
    const duration = this.#random.size(...DURATION);
    const isFinishing = this.#finishing.signal.aborted;
    if (isKilled && !isFinishing) return;
    const ending = new AbortController();
    this.#endings.set(id, ending);
    if (isFinishing || this.revoked.has(id)) ending.abort();
    const working = this.#work(task, duration, ending.signal).finally(() => {
      this.#endings.delete(id);
      this.#working.delete(working);
    });
    this.#working.add(working);
  }

  async #work(task: WorkedTask, duration: number, ending: AbortSignal): Promise<void> {
    await delay(duration, null, { signal: ending }).catch(() => {});
    task.endedAt = Date.now();
    const status = this.revoked.has(task.id) ? 'REVOKED' : 'SUCCESS';
    const result = makeResult(task.id, status, task.endedAt);
    while (!this.#closing.signal.aborted) {
      try {
        await this.#options.results.store(result);
        task.storedAt = Date.now();
        return;
      } catch {
        await delay(RETRY_PAUSE);
      }
    }
  }
}

function makeResult(taskId: string, status: 'SUCCESS' | 'REVOKED', doneAt: number): TaskResult {
  const error = { exc_type: 'TaskRevokedError', exc_message: ['terminated'], exc_module: 'celery' };
  const request = { name: 'tasks.report', args: [], kwargs: {}, worker: 'chaos@localhost', retries: 0, queue: '' };
  const result = status === 'SUCCESS' ? null : error;
  return { taskId, status, result, doneAt, request, traceback: null, groupId: null, parentId: null };
}
