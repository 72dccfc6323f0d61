import type { Message } from '../src/celery/message/message.ts';
import type { TaskOutcome } from '../src/celery/message/task-outcome.ts';
import type { Outcomes } from '../src/contracts/store/results.ts';
import type { Random } from '../chaos/random.ts';
import type { EventLoop } from './event-loop.ts';
import type { Host } from './machine.ts';
import type { Server } from './network.ts';

/** How likely the end of a task is: soon, late, never, or in time but without a result. */
const NEVER_ENDS = 0.01;
const LOSES_RESULT = 0.01;
const ENDS_TWICE = 0.05;

/** Celery workers with their result backend: tasks end soon, late, twice or never, and results are lost. */
export class Workers implements Server {
  readonly name = 'results';
  isUp = true;
  readonly #loop: EventLoop;
  readonly #random: Random;
  readonly #host: Host;
  readonly #results = new Map<string, TaskOutcome>();
  /** Tasks that had a result at some time: beat may have read it before it was lost. */
  readonly #ended = new Set<string>();

  constructor(loop: EventLoop, random: Random, host: Host) {
    this.#loop = loop;
    this.#random = random;
    this.#host = host;
  }

  /** A message reached its queue. */
  receive({ taskId }: Message): void {
    const random = this.#random;
    if (random.chance(NEVER_ENDS)) return;
    const runtime = random.chance(0.9) ? random.size(50, 3_000) : random.size(3_000, 900_000);
    this.#loop.after(runtime, () => this.#end(taskId, runtime));
    if (random.chance(ENDS_TWICE))
      this.#loop.after(runtime + random.size(100, 60_000), () => this.#end(taskId, runtime));
  }

  hasEnded(taskId: string): boolean {
    return this.#ended.has(taskId);
  }

  async read(taskIds: readonly string[]): Promise<Outcomes> {
    return { ended: taskIds.flatMap((id) => this.#results.get(id) ?? []), unreadable: new Map() };
  }

  /** The backend loses all its results. */
  lose(): void {
    this.#results.clear();
  }

  #end(taskId: string, runtimeMs: number): void {
    const random = this.#random;
    if (random.chance(LOSES_RESULT)) return;
    const hasFailed = random.chance(0.2);
    this.#ended.add(taskId);
    this.#results.set(taskId, {
      taskId,
      state: hasFailed ? 'FAILURE' : 'SUCCESS',
      doneAt: this.#host.now(),
      runtimeMs,
      worker: 'celery@simulated',
      error: hasFailed ? 'ValueError()' : null,
    });
  }
}
