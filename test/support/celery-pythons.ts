import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

const ROOT = join(import.meta.dirname, '../..');

/** The Pythons of each Celery; the first that has it with the modules of a test runs the test. */
export const PYTHONS = {
  system: ['/usr/bin/python3', 'python3'],
  newest: [join(ROOT, '.venv/celery/bin/python')],
} as const;

/** The modules that tests need beside Celery. */
const MODULES = [
  'redis',
  'sqlalchemy',
  'yaml',
  'msgpack',
  'brotli',
  'psycopg',
  'psycopg2',
  'pymysql',
  'django',
  'django_celery_beat',
  'redbeat',
  'flower',
  'pytz',
  'dateutil',
  'pendulum',
  'moto',
  'pymongo',
  'flask_cors',
  'boto3',
  'pycurl',
  'opentelemetry.sdk',
  'opentelemetry.instrumentation.celery',
] as const;

export type Module = (typeof MODULES)[number];

/** A Python with Celery. */
export interface CeleryPython {
  readonly python: string;
  /** The version of Celery. */
  readonly version: string;
  readonly modules: readonly Module[];
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The Pythons that have Celery. */
    readonly celeryPythons: readonly CeleryPython[];
  }
}

const PROGRAM = `
import importlib.metadata as m, importlib.util as u, json, sys
def has(name):
    try:
        return u.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
print(json.dumps({'version': m.version('celery'), 'modules': [name for name in sys.argv[1:] if has(name)]}))`;

/** A global set-up that asks each Python once for its version of Celery and for its modules. */
export default async function setUp(project: TestProject): Promise<void> {
  const found = await Promise.all(Object.values(PYTHONS).flat().map(askPython));
  project.provide(
    'celeryPythons',
    found.filter((each) => each !== null),
  );
}

/** Returns `null` for a Python that does not exist or has no Celery. */
function askPython(python: string): Promise<CeleryPython | null> {
  return new Promise((resolve) => {
    execFile(python, ['-c', PROGRAM, ...MODULES], (error, stdout) => {
      if (error) return resolve(null);
      const answer = JSON.parse(stdout) as Omit<CeleryPython, 'python'>;
      resolve({ python, ...answer });
    });
  });
}
