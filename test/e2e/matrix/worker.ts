import { join } from 'node:path';
import { findCelery, type Celery } from '../../support/celery.ts';
import { Child } from '../../support/child.ts';
import { Journal } from '../../support/journal.ts';

/** A message as it was received. */
export interface Received {
  readonly kind: 'received';
  readonly id: string;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A task's request as recorded by every row; further fields are in `matrix_tasks.py`. */
export interface Ran {
  readonly kind: 'ran';
  readonly id: string;
  readonly task: string;
  readonly row: string | null;
  readonly eta: string | null;
  readonly expires: string | null;
  readonly [field: string]: unknown;
}

type WorkerReport = { readonly kind: 'ready' } | Received | Ran;

/** A real worker with the tasks of `matrix_tasks.py` and every queue of the table. */
export class MatrixWorker extends Child {
  readonly reports: Journal<WorkerReport>;

  constructor(celery: Celery, brokerUrl: string, resultBackend: string) {
    const reports = new Journal<WorkerReport>();
    const output: string[] = [];
    const alone = ['--without-gossip', '--without-mingle', '--without-heartbeat'];
    const worker = ['-A', 'matrix_tasks', 'worker', '-P', 'solo', '-l', 'info', ...alone];
    super(findCelery(celery)!.python, ['-m', 'celery', ...worker], {
      env: {
        PYTHONPATH: join(import.meta.dirname, '../../support'),
        PYTHONDONTWRITEBYTECODE: '1',
        CELERY_BROKER_URL: brokerUrl,
        RESULT_BACKEND: resultBackend,
      },
      lines: {
        1: (line) => output.push(line),
        2: (line) => output.push(line),
        3: (line) => reports.add(JSON.parse(line) as WorkerReport),
      },
    });
    this.reports = reports;
    void this.exited.then(() => reports.end(`the worker ended:\n${output.slice(-30).join('\n')}`));
  }

  get ran(): Ran[] {
    return this.reports.all.filter((report) => report.kind === 'ran');
  }

  /** Returns the message of a task; the newest if it was delivered twice. */
  received(id: string): Received | undefined {
    return this.reports.all.findLast((report): report is Received => report.kind === 'received' && report.id === id);
  }
}
