import { inject } from 'vitest';
import { PYTHONS, type CeleryPython, type Module } from './celery-pythons.ts';
import { Child } from './child.ts';
import { Journal } from './journal.ts';
import { leaveOut } from './left-out.ts';

/** A Celery installation. */
export interface Celery {
  readonly name: string;
  readonly pythons: readonly string[];
}

const SYSTEM: Celery = { name: "the system's Celery", pythons: PYTHONS.system };
export const NEWEST: Celery = { name: 'the newest Celery', pythons: PYTHONS.newest };

/** Debian's Celery, with `npm run test:all`, and the newest one; `npm test` installs both where it can. */
export const CELERIES: readonly Celery[] = [SYSTEM, NEWEST];

/** Returns its Python and its version, or `null` when it or one of the modules is not installed. */
export function findCelery(celery: Celery, ...modules: readonly Module[]): CeleryPython | null {
  const needed: readonly Module[] = ['redis', 'sqlalchemy', ...modules];
  const having = inject('celeryPythons').filter((each) => needed.every((name) => each.modules.includes(name)));
  const found = celery.pythons.map((python) => having.find((each) => each.python === python));
  return found.find((each) => each !== undefined) ?? null;
}

/** Returns the reason to skip tests that need this Celery, or `false`. In CI a missing Celery is an error. */
export function requireCelery(celery: Celery, ...modules: readonly Module[]): string | false {
  if (celery === SYSTEM && leaveOut('celery')) return leaveOut('celery');
  if (findCelery(celery, ...modules)) return false;
  const what = [celery.name, ...modules].join(' with ');
  const missing = `${what} is not installed (npx node scripts/services.ts)`;
  if (process.env['CI']) throw new Error(missing);
  return missing;
}

/** A worker's report about a task that it ran. */
export interface TaskRan {
  readonly kind: 'ran';
  /** When it finished, epoch milliseconds. */
  readonly at: number;
  readonly task: string;
  readonly id: string;
  readonly state: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly eta: string | null;
  readonly expires: string | null;
  readonly queue: string;
  readonly priority: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

export type WorkerReport =
  TaskRan | { readonly kind: 'ready' } | { readonly kind: 'revoked'; readonly id: string; readonly expired: boolean };

export interface WorkerOptions {
  readonly brokerUrl: string;
  readonly cwd: string;
  readonly queues?: readonly string[];
  readonly resultBackend?: string;
  /** Celery's `broker_transport_options`. */
  readonly transportOptions?: Readonly<Record<string, unknown>>;
  /** The `x-max-priority` of its queues, on RabbitMQ. */
  readonly maxPriority?: number;
  /** `prefork` runs tasks in processes of their own, which remote control can end. */
  readonly pool?: 'solo' | 'prefork';
  /** Whether it sends task events. */
  readonly sendsEvents?: boolean;
}

/** A real Celery worker with the tasks of `celery_tasks.py`, one task at a time. */
export class Worker extends Child {
  readonly reports: Journal<WorkerReport>;

  constructor(celery: Celery, options: WorkerOptions) {
    const {
      brokerUrl,
      cwd,
      queues = ['celery'],
      resultBackend,
      transportOptions = {},
      maxPriority,
      pool = 'solo',
      sendsEvents = false,
    } = options;
    const python = findCelery(celery)?.python;
    if (python === undefined) throw new Error(`${celery.name} is not installed`);
    const reports = new Journal<WorkerReport>();
    const output: string[] = [];
    const alone = ['--without-gossip', '--without-mingle', '--without-heartbeat'];
    const processes = pool === 'solo' ? [] : ['-c', '2'];
    const worker = [
      'worker',
      '-P',
      pool,
      ...processes,
      '-Q',
      queues.join(','),
      '-l',
      'info',
      ...(sendsEvents ? ['-E'] : []),
      ...alone,
    ];
    super(python, ['-m', 'celery', '-A', 'celery_tasks', ...worker], {
      cwd,
      env: {
        PYTHONPATH: import.meta.dirname,
        PYTHONDONTWRITEBYTECODE: '1',
        CELERY_BROKER_URL: brokerUrl,
        TRANSPORT_OPTIONS: JSON.stringify(transportOptions),
        ...(resultBackend === undefined ? {} : { RESULT_BACKEND: resultBackend }),
        ...(maxPriority === undefined ? {} : { QUEUE_MAX_PRIORITY: String(maxPriority) }),
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

  /** The tasks that it ran, in that order. */
  get ran(): TaskRan[] {
    return this.reports.all.filter((report) => report.kind === 'ran');
  }

  /** Waits until it has run or discarded (because they expired) the tasks with these ids. */
  async waitForTasks(ids: readonly string[]): Promise<void> {
    await this.reports.until(`${ids.length} tasks`, (all) => {
      const done = new Set(all.map((report) => (report.kind === 'ready' ? '' : report.id)));
      return ids.every((id) => done.has(id)) || undefined;
    });
  }
}
