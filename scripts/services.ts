// What the tests need and npm cannot bring: Redis, RabbitMQ, PostgreSQL, MariaDB and real Celery workers, one as Debian has it
// and the newest there is. Installs what is missing where it may, and says what to do where it may not.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';

interface Service {
  readonly name: string;
  /** Its version; `null` when it is not there. */
  version(): string | null;
  /** Returns why it could not be installed, or `null` when it could. */
  install(): string | null;
  /** A welcome guest: tests look at it where it is, and miss nothing where it is not. */
  readonly optional?: boolean;
}

const VENV = '.venv/celery';
const CELERY = ['celery', 'redis', 'sqlalchemy'];
/** By which workers reach PostgreSQL and MariaDB: SQLAlchemy 2.1 means another than 1.4 by `postgresql://`. */
const DRIVERS = { debian: ['psycopg2', 'pymysql'], newest: ['psycopg', 'pymysql'] };
/** What a worker needs for messages other than plain JSON. */
const CODECS = ['yaml', 'msgpack', 'brotli'];
/** Celery's own extra brings a package that kombu looks for no more; from 3.14 on Python has it itself. */
const ZSTD = 'backports.zstd; python_version < "3.14"';
/** Where Debian has RabbitMQ, in a folder that bears its version. */
const RABBITMQ = '/usr/lib/rabbitmq/lib';
const DEBIAN = [
  'redis-server',
  'rabbitmq-server',
  'postgresql',
  'mariadb-server',
  'python3-celery',
  'python3-redis',
  'python3-sqlalchemy',
  'python3-psycopg2',
  'python3-pymysql',
  'python3-yaml',
  'python3-msgpack',
  'python3-brotli',
  'python3-zstandard',
  'python3-venv',
];

const services: readonly Service[] = [
  {
    name: 'redis-server',
    version: () => /v=(\S+)/.exec(output('redis-server', '--version') ?? '')?.[1] ?? null,
    install: installByApt,
  },
  {
    name: 'rabbitmq-server',
    version: rabbitVersion,
    install: installByApt,
  },
  {
    name: 'postgresql',
    version: () => versionOfServer('postgres'),
    install: installByApt,
  },
  {
    name: 'mariadb-server',
    version: () => versionOfServer('mariadbd'),
    install: installByApt,
  },
  {
    name: "celery (the system's Python)",
    version: () => versionOf('/usr/bin/python3', CELERY) ?? versionOf('python3', CELERY),
    install: installByApt,
  },
  {
    name: `celery (newest, ${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, [...CELERY, 'packaging', 'redbeat']),
    install: installByPip,
  },
  {
    name: "psycopg2 and pymysql (the system's Python)",
    version: () =>
      versionOf('/usr/bin/python3', DRIVERS.debian, 'pymysql') ??
      versionOf('python3', DRIVERS.debian, 'pymysql'),
    install: installByApt,
  },
  {
    name: `psycopg and pymysql (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, DRIVERS.newest, 'pymysql'),
    install: () => pip('psycopg[binary]', 'pymysql'),
  },
  {
    name: "yaml, msgpack, brotli and zstandard (the system's Python)",
    version: () => versionOf('/usr/bin/python3', [...CODECS, 'zstandard'], 'msgpack'),
    install: installByApt,
  },
  {
    name: `yaml, msgpack, brotli and zstd (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, CODECS, 'msgpack'),
    install: () => pip('pyyaml', 'msgpack', 'brotli', ZSTD),
  },
  {
    name: `flower (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, ['flower'], 'flower'),
    install: () => pip('flower'),
    optional: true,
  },
];

let apt: { reason: string | null } | undefined;
const missing: string[] = [];
for (const service of services) {
  let version = service.version();
  let reason: string | null = null;
  if (version === null) {
    reason = service.install();
    version = service.version();
  }
  const why = `${service.name}: ${reason ?? 'installed, but does not run'}`;
  if (version !== null) console.log(`services: ${service.name} ${version}`);
  else if (service.optional) console.log(`services: without ${why}`);
  else missing.push(why);
}

if (missing.length > 0) {
  const inCi = Boolean(process.env['CI']);
  for (const line of missing) console.error(`services: ${inCi ? 'MISSING' : 'SKIPPED'} ${line}`);
  if (!inCi) console.error('services: tests that need them are skipped by name');
  if (inCi) process.exitCode = 1;
}

/** Asked itself, it leaves a daemon of Erlang's behind. */
function rabbitVersion(): string | null {
  if (!existsSync(RABBITMQ)) return output('rabbitmqctl', 'version');
  const folders = readdirSync(RABBITMQ).map((name) => /^rabbitmq_server-(.+)/.exec(name)?.[1]);
  return folders.find((version) => version !== undefined) ?? null;
}

/** Debian keeps PostgreSQL's programs where no PATH leads, each version in a folder of its own. */
function versionOfServer(name: string): string | null {
  const folder = '/usr/lib/postgresql';
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  const paths = [name, `/usr/sbin/${name}`, ...versions.map((v) => `${folder}/${v}/bin/${name}`)];
  for (const path of paths) {
    const version = /\d+\.[\d.]+/.exec(output(path, '--version') ?? '')?.[0];
    if (version !== undefined) return version;
  }
  return null;
}

/** Once, for all Debian packages together. No test uses a server that the system started by itself. */
function installByApt(): string | null {
  apt ??= { reason: runApt() };
  return apt.reason;
}

function runApt(): string | null {
  if (!succeeds('apt-get', '--version')) return byHand();
  const root = process.getuid?.() === 0;
  if (!root && !succeeds('sudo', '-n', 'true')) return `sudo apt-get install ${DEBIAN.join(' ')}`;
  // Runlevel 1 tells Debian's package scripts to leave new servers stopped.
  const as = [
    ...(root ? [] : ['sudo', '-n']),
    'env',
    'RUNLEVEL=1',
    'DEBIAN_FRONTEND=noninteractive',
  ];
  const get = (...args: string[]): boolean => shown(...as, 'apt-get', '-qq', '-y', ...args);
  // A stale list of one foreign source must not keep ours from being installed: only the install counts.
  get('update');
  return get('install', '--no-install-recommends', ...DEBIAN) ? null : 'apt-get install failed';
}

function byHand(): string {
  if (process.platform === 'darwin') return 'brew install redis rabbitmq postgresql mariadb python';
  if (succeeds('dnf', '--version'))
    return 'sudo dnf install redis rabbitmq-server postgresql-server mariadb-server python3-celery python3-redis';
  return 'install redis-server, rabbitmq-server, postgresql, mariadb-server and Python 3 with your package manager';
}

/** A venv within the project. Debian's own Python can make one only with a package more. */
function installByPip(): string | null {
  const made = makeVenv() || (installByApt() === null && makeVenv());
  if (!made) return 'no python3 here can make a venv (on Debian: apt-get install python3-venv)';
  // Its Redis transport needs more than redis-py: only the extra says what.
  return pip('celery[redis,sqlalchemy]', 'celery-redbeat');
}

function pip(...packages: readonly string[]): string | null {
  const install = ['-m', 'pip', 'install', '--quiet', '--retries', '1'];
  const done = shown(`${VENV}/bin/python`, ...install, ...packages);
  return done ? null : 'PyPI did not answer';
}

function makeVenv(): boolean {
  return ['python3', '/usr/bin/python3', 'python3.13', 'python3.12'].some((python) => {
    rmSync(VENV, { recursive: true, force: true });
    return succeeds(python, '-m', 'venv', VENV);
  });
}

/** The version of a package under a Python, when all of the modules are there; they are not loaded. */
function versionOf(python: string, modules: readonly string[], of = 'celery'): string | null {
  if (python.includes('/') && !existsSync(python)) return null;
  const code = `
import importlib.metadata as m, importlib.util as u, sys
all(u.find_spec(n) for n in sys.argv[2:]) or sys.exit(1)
print(m.version(sys.argv[1]), '(Python ' + sys.version.split()[0] + ')')`;
  return output(python, '-c', code, of, ...modules);
}

function output(command: string, ...args: readonly string[]): string | null {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function shown(command = '', ...args: readonly string[]): boolean {
  console.log(`services: ${command} ${args.join(' ')}`);
  // Standard output of installers is for people too: it goes where warnings go.
  return spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status === 0;
}
