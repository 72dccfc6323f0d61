import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Child } from './child.ts';
import { Journal } from './journal.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A Python that has Celery, with what its two transports need. */
export interface Celery {
  readonly name: string;
  readonly pythons: readonly string[];
}

/** As Debian has it, and the newest there is; `npm test` installs both where it may. */
export const CELERIES: readonly Celery[] = [
  { name: "the system's Celery", pythons: ['/usr/bin/python3', 'python3'] },
  { name: 'the newest Celery', pythons: [join(ROOT, '.venv/celery/bin/python')] },
];

const VERSION = `
import importlib.metadata as m, importlib.util as u, sys
all(u.find_spec(name) for name in ('celery', 'redis', 'sqlalchemy', *sys.argv[1:])) or sys.exit(1)
print(m.version('celery'))`;

/** Its Python and its version; `null` when it, or a module beside it, is not installed. */
export function findCelery(
  celery: Celery,
  ...modules: readonly string[]
): { python: string; version: string } | null {
  for (const python of celery.pythons) {
    const { status, stdout } = spawnSync(python, ['-c', VERSION, ...modules], { encoding: 'utf8' });
    if (status === 0) return { python, version: stdout.trim() };
  }
  return null;
}

/** The reason to skip what needs this Celery, or `false`. In CI nothing is skipped: there it is an error. */
export function requireCelery(celery: Celery, ...modules: readonly string[]): string | false {
  if (findCelery(celery, ...modules)) return false;
  const what = [celery.name, ...modules].join(' with ');
  const missing = `${what} is not installed (npx node scripts/services.ts)`;
  if (process.env['CI']) throw new Error(missing);
  return missing;
}

/** What a worker says of a task that it ran. */
export interface TaskRan {
  readonly kind: 'ran';
  /** When it had run, epoch milliseconds. */
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
  | TaskRan
  | { readonly kind: 'ready' }
  | { readonly kind: 'revoked'; readonly id: string; readonly expired: boolean };

export interface WorkerOptions {
  readonly brokerUrl: string;
  readonly cwd: string;
  readonly queues?: readonly string[];
  readonly resultBackend?: string;
  /** Of its queues, where RabbitMQ has them. */
  readonly maxPriority?: number;
}

/** A real Celery worker with the tasks of `celery_tasks.py`, one task at a time. */
export class Worker extends Child {
  readonly reports: Journal<WorkerReport>;

  constructor(celery: Celery, options: WorkerOptions) {
    const { brokerUrl, cwd, queues = ['celery'], resultBackend, maxPriority } = options;
    const python = findCelery(celery)?.python;
    if (python === undefined) throw new Error(`${celery.name} is not installed`);
    const told = new Journal<WorkerReport>();
    const output: string[] = [];
    const alone = ['--without-gossip', '--without-mingle', '--without-heartbeat'];
    const worker = ['worker', '-P', 'solo', '-Q', queues.join(','), '-l', 'info', ...alone];
    super(python, ['-m', 'celery', '-A', 'celery_tasks', ...worker], {
      cwd,
      env: {
        PYTHONPATH: import.meta.dirname,
        PYTHONDONTWRITEBYTECODE: '1',
        CELERY_BROKER_URL: brokerUrl,
        ...(resultBackend === undefined ? {} : { RESULT_BACKEND: resultBackend }),
        ...(maxPriority === undefined ? {} : { QUEUE_MAX_PRIORITY: String(maxPriority) }),
      },
      lines: {
        1: (line) => output.push(line),
        2: (line) => output.push(line),
        3: (line) => told.add(JSON.parse(line) as WorkerReport),
      },
    });
    this.reports = told;
    void this.exited.then(() => told.end(`the worker ended:\n${output.slice(-30).join('\n')}`));
  }

  /** Every task that it ran, in the order of running. */
  get ran(): TaskRan[] {
    return this.reports.all.filter((told) => told.kind === 'ran');
  }

  /** Waits until it has dealt with all of these task ids: ran them, or refused to because they expired. */
  async waitForTasks(ids: readonly string[]): Promise<void> {
    await this.reports.until(`${ids.length} tasks`, (all) => {
      const done = new Set(all.map((told) => (told.kind === 'ready' ? '' : told.id)));
      return ids.every((id) => done.has(id)) || undefined;
    });
  }
}
