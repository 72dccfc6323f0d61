import { type BeatProcess, type SentLine } from './beat-process.ts';
import type { TaskRan, Worker } from './celery.ts';

export interface HistoryOptions {
  readonly beat: () => BeatProcess;
  readonly worker: () => Worker;
  /** The number of entries; the worker starts once each has two runs in the queue. */
  readonly entries: number;
}

/** The runs that beat published and the worker ran. */
export class History {
  sent: readonly SentLine[] = [];
  /** The runs that were published before the worker started. */
  backlog: readonly SentLine[] = [];
  /** In the order in which they ran. */
  ran: readonly TaskRan[] = [];
  /** Task ids that the worker discarded because they had expired. */
  expired: readonly string[] = [];

  /** Runs beat alone until there is a backlog, then both, then the worker alone until it has run everything. */
  async record({ beat: startBeat, worker: startWorker, entries }: HistoryOptions): Promise<void> {
    await using beat = startBeat();
    await beat.log.until(`two runs of each of ${entries} entries`, () => {
      const runs = Map.groupBy(beat.sent, ({ entry }) => entry);
      const enough = [...runs.values()].every((sent) => sent.length >= 2);
      return (runs.size === entries && enough) || undefined;
    });
    this.backlog = beat.sent;
    await using worker = startWorker();
    await worker.reports.first('a worker that is ready', ({ kind }) => kind === 'ready');
    await beat.waitForRuns(2 * entries);
    await beat.stop();
    this.sent = beat.sent;
    await worker.waitForTasks(beat.sent.map(({ taskId }) => taskId));
    // SIGKILL, because a worker with the solo pool requeues a running task on SIGTERM.
    await worker.kill();
    this.ran = worker.ran;
    this.expired = worker.reports.all.flatMap((report) =>
      report.kind === 'revoked' && report.expired ? report.id : [],
    );
  }

  sentFor(entry: string): SentLine[] {
    return this.sent.filter((line) => line.entry === entry);
  }

  /** Returns the runs of an entry, found by the task ids that beat published. */
  ranFor(entry: string): TaskRan[] {
    const ids = new Set(this.sentFor(entry).map(({ taskId }) => taskId));
    return this.ran.filter(({ id }) => ids.has(id));
  }
}
