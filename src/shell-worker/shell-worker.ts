import { EventEmitter } from 'node:events';
import type { Consumer, Delivery } from '../contracts/broker/consumer.ts';
import { Events } from '../contracts/events/events.ts';
import type { WorkerEvents } from '../contracts/events/worker-events.ts';
import { sleepUntil } from '../util/wait.ts';
import { describeError } from '../util/errors.ts';
import { ExpiringSet } from '../util/expiring-set.ts';
import { JobRun, type ActiveJob, type JobRunOptions } from './job-run.ts';
import { createRetry, retryPause, type Retry } from './retry.ts';
import { Slots } from '../util/slots.ts';
import { decodeTask, type Task } from './task.ts';

export interface ShellWorkerOptions extends JobRunOptions {
  readonly consumer: Consumer;
  readonly task: string;
  readonly concurrency: number;
  /** When a message is acknowledged: after its job, so that it is delivered again if this process dies, or before. */
  readonly acks: 'late' | 'early';
}

/** The most messages that may wait for their ETA without a slot. */
const MAX_WAITING = 1_000;

/** How long a broker may take to deliver a message again, with the messages before it. Milliseconds. */
const REDELIVERED_WITHIN = 3_600_000;

/** The limits of Celery's workers: how many revoked ids they remember, and for how many milliseconds. */
const REVOKED = { limit: 50_000, retention: 3 * 3_600_000 };

interface MessageInProgress {
  readonly task: Task;
  readonly job: JobRun;
  /** The deliveries of the message: a broker delivers again what was not acknowledged on a lost connection. */
  readonly deliveries: Delivery[];
  /** Aborts to end the wait for the ETA. */
  readonly revoked: AbortController;
}

/** Runs the jobs of `shell` entries, as deploy/worker/beat_shell.py does in Celery's workers. */
export class ShellWorker {
  readonly events = new EventEmitter<WorkerEvents>();
  readonly failures = new Events();
  readonly #options: ShellWorkerOptions;
  readonly #slots: Slots;
  readonly #abort = new AbortController();
  readonly #stop: AbortSignal;
  readonly #retry: Retry;
  readonly #runs = new Map<string, MessageInProgress>();
  /**
   * Runs that have ended although the broker will deliver their message again. They are forgotten after a time, because
   * another worker may receive the message, and a later run may have the same id.
   */
  readonly #ended: ExpiringSet;
  readonly #revoked: ExpiringSet;
  readonly #jobs = new Set<Promise<void>>();
  #waiting = 0;
  /** Aborts to give up the slot with which `run` waits for a message. */
  #receiving = new AbortController();

  /** Creates a worker that runs jobs until `stop` aborts. */
  constructor(options: ShellWorkerOptions, stop: AbortSignal) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
    this.#stop = stop;
    const { clock } = options;
    this.#ended = new ExpiringSet({ retention: REDELIVERED_WITHIN, limit: Infinity, clock });
    this.#revoked = new ExpiringSet({ ...REVOKED, clock });
    this.#retry = createRetry(this.failures, options.clock, stop);
  }

  /** How many messages are in progress, including messages that wait for their ETA. */
  get inProgress(): number {
    return this.#runs.size;
  }

  get active(): readonly ActiveJob[] {
    return [...this.#runs.values()].flatMap(({ job }) => job.active ?? []);
  }

  /** The ids of revoked tasks that are remembered. */
  get revoked(): readonly string[] {
    return [...this.#revoked];
  }

  /** Discards tasks that have not begun, also when their messages arrive within three hours, as Celery's workers do. */
  revoke(taskIds: readonly string[]): void {
    for (const taskId of taskIds) this.#revoked.add(taskId);
    for (const { revoked } of this.#find(taskIds)) revoked.abort();
  }

  /** Revokes tasks, and ends running ones with a signal. Returns the ids of the ended tasks. */
  terminate(taskIds: readonly string[], signal: NodeJS.Signals): readonly string[] {
    this.revoke(taskIds);
    const running = this.#find(taskIds).filter(({ job }) => job.active);
    for (const { job } of running) job.terminate(signal);
    return running.map(({ task }) => task.id);
  }

  /** Resolves when the last job has ended after the stop. */
  async run(): Promise<void> {
    while (await this.#slots.take(this.#stop)) {
      // Messages whose ETA has come are first.
      const delivery = this.#slots.isAwaited ? null : await this.#receive();
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

  /** Ends the jobs that run: SIGTERM to their process groups, and SIGKILL 10 seconds later. */
  abort(): void {
    this.#abort.abort();
  }

  /** Sends SIGKILL to the process groups of all jobs, for a process that ends at once. */
  kill(): void {
    for (const { job } of this.#runs.values()) job.signal('SIGKILL');
  }

  #find(taskIds: readonly string[]): readonly MessageInProgress[] {
    const wanted = new Set(taskIds);
    return [...this.#runs.values()].filter(({ task }) => wanted.has(task.id));
  }

  async #receive(): Promise<Delivery | null> {
    const { consumer, clock } = this.#options;
    this.#receiving = new AbortController();
    const either = AbortSignal.any([this.#stop, this.#receiving.signal]);
    for (let failed = 1; ; failed++) {
      try {
        const delivery = await consumer.receive(either);
        this.failures.reportRecovery({ kind: 'receive' });
        return delivery;
      } catch (error) {
        if (either.aborted) return null;
        this.failures.reportFailure({ kind: 'receive' }, error);
      }
      await clock.sleep(retryPause(failed), either);
    }
  }

  async #handle(delivery: Delivery): Promise<void> {
    if (this.#stop.aborted) return this.#requeue([delivery]);
    const task = this.#read(delivery);
    if (!task) return void (await this.#ack([delivery]));
    // The task id alone may be fixed in the configuration, and so equal for all runs.
    const key = `${task.id} ${task.dueAt}`;
    const earlier = this.#runs.get(key);
    if (earlier) return void earlier.deliveries.push(delivery);
    if (this.#ended.delete(key)) return void (await this.#ack([delivery]));
    const surroundings = { events: this.events, retry: this.#retry, abort: this.#abort.signal };
    const job = new JobRun(task, delivery.queue, { ...this.#options, ...surroundings });
    const run: MessageInProgress = { task, job, deliveries: [delivery], revoked: new AbortController() };
    this.#runs.set(key, run);
    const isSettled = await this.#process(run).catch((error: unknown) => {
      // The message would fail again, so it does not return to its queue.
      const reason = `it cannot be handled: ${describeError(error)}`;
      this.events.emit('discarded', { taskId: task.id, queue: delivery.queue, reason });
      return this.#ack(run.deliveries);
    });
    this.#runs.delete(key);
    if (!isSettled) this.#ended.add(key);
  }

  /** Decodes a message. Removes one that this worker cannot run, as Celery's workers do, and returns `null`. */
  #read({ queue, message }: Delivery): Task | null {
    const { task: name } = this.#options;
    const task = message ? decodeTask(message) : 'it is not a message of kombu';
    if (typeof task === 'string') this.events.emit('discarded', { taskId: '', queue, reason: task });
    else {
      if (task.name === name) return task;
      const reason = `the task ${JSON.stringify(task.name)} is unknown; this worker runs ${name}`;
      this.events.emit('discarded', { taskId: task.id, queue, reason });
    }
    return null;
  }

  /** Processes a message. Returns `false` if the broker will deliver it again although it must not run again. */
  async #process({ task, job, deliveries, revoked }: MessageInProgress): Promise<boolean> {
    await this.#waitForEta(task, deliveries[0]!, revoked.signal);
    if (this.#stop.aborted && !revoked.signal.aborted) {
      await this.#requeue(deliveries);
      return true;
    }
    const isEarly = this.#options.acks === 'early';
    const isAcked = isEarly && (await this.#ack(deliveries));
    const reason = this.#whyDiscard(task);
    if (reason) await job.discard(reason);
    const hasEnded = reason !== null || (await job.run());
    if (!hasEnded) await job.interrupt(isEarly);
    // With early acknowledgement these are the deliveries that arrived after the first was lost.
    if (isEarly && deliveries.length === 0) return isAcked;
    if (isEarly || hasEnded) return this.#ack(deliveries);
    await this.#requeue(deliveries);
    return true;
  }

  /** `null` if the task may begin. */
  #whyDiscard({ id, expires }: Task): 'revoked' | 'expired' | null {
    if (this.#revoked.has(id)) return 'revoked';
    return expires !== null && expires <= this.#options.clock.now() ? 'expired' : null;
  }

  /** A message that waits for its ETA leaves its slot to others. Resolves early if the worker stops or the task is revoked. */
  async #waitForEta({ eta }: Task, delivery: Delivery, revoked: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (eta === null || eta <= clock.now()) return;
    const leaves = this.#waiting < MAX_WAITING;
    this.#waiting += 1;
    if (leaves) {
      await delivery.suspend();
      this.#slots.release();
    }
    await sleepUntil(clock, () => eta, AbortSignal.any([this.#stop, revoked]));
    if (leaves) await delivery.resume();
    this.#waiting -= 1;
    // Each job releases a slot at its end, so it takes one even if the worker stops.
    if (!leaves) return;
    const taken = this.#slots.take(new AbortController().signal);
    this.#receiving.abort();
    await taken;
  }

  /** Acknowledges each delivery once, because RabbitMQ closes the channel otherwise. Returns whether it was removed. */
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
