import type { TaskOutcome } from '../../src/celery/message/task-outcome.ts';
import type { Outcomes, ResultReader } from '../../src/contracts/store/results.ts';

/** Outcomes that a test sets. */
export class MemoryResultReader implements ResultReader {
  /** By task id. */
  readonly outcomes = new Map<string, TaskOutcome>();
  /** The ids of each read, oldest first. */
  readonly reads: (readonly string[])[] = [];
  /** Why results cannot be read, by task id. */
  readonly unreadable = new Map<string, string>();
  /** What reads reject with. */
  error: Error | null = null;

  /** Has a task end at an instant, epoch milliseconds. */
  end(taskId: string, doneAt: number, parts: Partial<TaskOutcome> = {}): void {
    const ended = { state: 'SUCCESS', runtimeMs: null, worker: null, error: null };
    this.outcomes.set(taskId, { taskId, doneAt, ...ended, ...parts });
  }

  async read(taskIds: readonly string[]): Promise<Outcomes> {
    this.reads.push(taskIds);
    if (this.error) throw this.error;
    const ended = taskIds.flatMap((id) => this.outcomes.get(id) ?? []);
    const unreadable = new Map([...this.unreadable].filter(([id]) => taskIds.includes(id)));
    return { ended, unreadable };
  }

  async close(): Promise<void> {}
}
