import type { BeatProcess } from './beat-process.ts';
import { type SentLine } from './beat-process.ts';
import type { TaskRan, Worker } from './celery.ts';

export interface HistoryOptions {
  readonly beat: () => BeatProcess;
  readonly worker: () => Worker;
  /** Entries of which a backlog must hold at least two runs each before there is a worker. */
  readonly entries: number;
}

/** What a beat sent and what a worker made of it. */
export class History {
  sent: readonly SentLine[] = [];
  /** What was sent before there was a worker. */
  backlog: readonly SentLine[] = [];
  /** In the order of running. */
  ran: readonly TaskRan[] = [];
  /** Task ids that the worker refused to run because they had expired. */
  expired: readonly string[] = [];

  /** Beat alone, until a backlog waits; then both at once; then the worker alone, until all is done. */
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
    // Not asked to stop: in the middle of a task, Celery alone in its process would put that one back.
    await worker.kill();
    this.ran = worker.ran;
    this.expired = worker.reports.all.flatMap((told) =>
      told.kind === 'revoked' && told.expired ? told.id : [],
    );
  }

  sentFor(entry: string): SentLine[] {
    return this.sent.filter((line) => line.entry === entry);
  }

  /** What ran of an entry, by the ids that beat sent it under. */
  ranFor(entry: string): TaskRan[] {
    const ids = new Set(this.sentFor(entry).map(({ taskId }) => taskId));
    return this.ran.filter(({ id }) => ids.has(id));
  }
}
