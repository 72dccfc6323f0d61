import { EventEmitter } from 'node:events';
import type { Consumer, Delivery } from '../broker/consumer.ts';
import { Events } from '../events/events.ts';
import type { WorkerEvents } from '../events/worker-events.ts';
import { sleepUntil } from '../util/clock.ts';
import { describeError } from '../util/errors.ts';
import { EndedRuns } from './ended-runs.ts';
import { Job, type JobOptions } from './job.ts';
import type { ProcessGroup } from './process-group.ts';
import { createRetry, retryPause, type Retry } from './retry.ts';
import { Slots } from './slots.ts';
import { decodeTask, type Task } from './task.ts';

export interface WorkerOptions extends JobOptions {
  readonly consumer: Consumer;
  /** The name of the task that runs commands. */
  readonly task: string;
  /** How many commands run at the same time. */
  readonly concurrency: number;
  /** When a message is acknowledged: after its command, so that it is delivered again if this process dies, or before. */
  readonly acks: 'late' | 'early';
}

/** Messages that may wait for their ETA without a slot. */
const MAX_WAITING = 1_000;

/** Runs the commands of `shell` entries, as deploy/worker/beat_shell.py does in Celery's workers. */
export class Worker {
  readonly events = new EventEmitter<WorkerEvents>();
  /** Emits failures of the broker and of the result backend, and recoveries. */
  readonly failures = new Events();
  readonly #options: WorkerOptions;
  readonly #slots: Slots;
  readonly #abort = new AbortController();
  readonly #stop: AbortSignal;
  readonly #retry: Retry;
  /** The deliveries of each run in progress: a broker delivers again what was not acknowledged on a lost connection. */
  readonly #running = new Map<string, Delivery[]>();
  readonly #ended: EndedRuns;
  readonly #jobs = new Set<Promise<void>>();
  readonly #groups = new Set<ProcessGroup>();
  #waiting = 0;

  /** It runs commands until `stop` aborts. */
  constructor(options: WorkerOptions, stop: AbortSignal) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
    this.#stop = stop;
    this.#ended = new EndedRuns(options.clock);
    this.#retry = createRetry(this.failures, options.clock, stop);
  }

  /** How many messages are in progress, with those that wait for their ETA. */
  get inProgress(): number {
    return this.#running.size;
  }

  /** Resolves when the last command has ended after the stop. */
  async run(): Promise<void> {
    while (await this.#slots.take(this.#stop)) {
      const delivery = await this.#receive();
      if (!delivery) {
        this.#slots.release();
        continue;
      }
      const job = this.#handle(delivery).finally(() => {
        this.#slots.release();
        this.#jobs.delete(job);
      });
      this.#jobs.add(job);
    }
    // A failure ends the connection, which returns the messages too.
    await this.#options.consumer.cancel().catch(() => {});
    await Promise.all(this.#jobs);
  }

  /** Ends the commands that run: SIGTERM to their process groups, and SIGKILL 10 seconds later. */
  abort(): void {
    this.#abort.abort();
  }

  /** Sends SIGKILL to the process groups of all commands, for a process that ends at once. */
  kill(): void {
    for (const group of this.#groups) group.signal('SIGKILL');
  }

  async #receive(): Promise<Delivery | null> {
    const { consumer, clock } = this.#options;
    for (let failed = 1; ; failed++) {
      try {
        const delivery = await consumer.receive(this.#stop);
        this.failures.reportRecovery({ kind: 'receive' });
        return delivery;
      } catch (error) {
        if (this.#stop.aborted) return null;
        this.failures.reportFailure({ kind: 'receive' }, error);
      }
      await clock.sleep(retryPause(failed), this.#stop);
    }
  }

  async #handle(delivery: Delivery): Promise<void> {
    if (this.#stop.aborted) return this.#requeue([delivery]);
    const task = this.#read(delivery);
    if (!task) return void (await this.#ack([delivery]));
    // The task id alone may be fixed in the configuration.
    const key = `${task.id} ${task.dueAt}`;
    const earlier = this.#running.get(key);
    if (earlier) return void earlier.push(delivery);
    if (this.#ended.delete(key)) return void (await this.#ack([delivery]));
    const deliveries = [delivery];
    this.#running.set(key, deliveries);
    const isSettled = await this.#processOrDiscard(task, deliveries);
    this.#running.delete(key);
    if (!isSettled) this.#ended.add(key);
  }

  /** A message that fails here would fail again, so it does not return to its queue. */
  async #processOrDiscard(task: Task, deliveries: Delivery[]): Promise<boolean> {
    const { queue } = deliveries[0]!;
    try {
      return await this.#process(task, deliveries);
    } catch (error) {
      const reason = `it cannot be handled: ${describeError(error)}`;
      this.events.emit('discarded', { taskId: task.id, queue, reason });
      return this.#ack(deliveries);
    }
  }

  /** `null` for a message that this worker cannot run; like Celery's workers it removes such a message. */
  #read({ queue, message }: Delivery): Task | null {
    const { task: name } = this.#options;
    const task = message ? decodeTask(message) : 'it is not a message of kombu';
    if (typeof task !== 'string' && task.name === name) return task;
    const [taskId, reason] =
      typeof task === 'string'
        ? ['', task]
        : [task.id, `the task ${JSON.stringify(task.name)} is unknown; this worker runs ${name}`];
    this.events.emit('discarded', { taskId, queue, reason });
    return null;
  }

  /** Returns `false` if the broker delivers a message again that must not run again. */
  async #process(task: Task, deliveries: Delivery[]): Promise<boolean> {
    const job = new Job(task, deliveries[0]!.queue, {
      ...this.#options,
      ...{
        events: this.events,
        retry: this.#retry,
        abort: this.#abort.signal,
        groups: this.#groups,
      },
    });
    if (!(await this.#waitForEta(task, deliveries[0]!))) {
      await this.#requeue(deliveries);
      return true;
    }
    if (job.isExpired) {
      await job.revoke();
      return this.#ack(deliveries);
    }
    const isEarly = this.#options.acks === 'early';
    const isAcked = isEarly && (await this.#ack(deliveries));
    const hasEnded = await job.run();
    if (!hasEnded) await job.interrupt(isEarly);
    // With early acknowledgement these are the deliveries that arrived after the first was lost.
    if (isEarly && deliveries.length === 0) return isAcked;
    if (isEarly || hasEnded) return this.#ack(deliveries);
    await this.#requeue(deliveries);
    return true;
  }

  /** A message that waits for its ETA leaves its slot to others. Resolves with `false` if the worker stops. */
  async #waitForEta({ eta }: Task, delivery: Delivery): Promise<boolean> {
    const { clock } = this.#options;
    if (eta === null || eta <= clock.now()) return true;
    const leaves = this.#waiting < MAX_WAITING;
    this.#waiting += 1;
    if (leaves) {
      await delivery.suspend();
      this.#slots.release();
    }
    await sleepUntil(clock, eta, this.#stop);
    if (leaves) await delivery.resume();
    this.#waiting -= 1;
    // Each job releases a slot at its end, so it takes one even if the worker stops.
    if (leaves) await this.#slots.take(new AbortController().signal);
    return !this.#stop.aborted;
  }

  /**
   * Acknowledges the deliveries of a message and removes them from the list, because RabbitMQ closes the channel at a
   * second acknowledgement. Returns whether the broker has removed the message.
   */
  async #ack(deliveries: Delivery[]): Promise<boolean> {
    let isRemoved = true;
    for (let next = deliveries.shift(); next; next = deliveries.shift()) {
      const delivery = next;
      isRemoved = (await this.#retry({ kind: 'acknowledge' }, () => delivery.ack())) === true;
    }
    return isRemoved;
  }

  async #requeue(deliveries: readonly Delivery[]): Promise<void> {
    for (const delivery of deliveries) {
      await this.#retry({ kind: 'acknowledge' }, () => delivery.requeue());
    }
  }
}
