// Installs what the tests need beside npm packages: Redis, RabbitMQ, PostgreSQL, MariaDB, Chromium and real Celery workers,
// Debian's version and the newest one. Where it may not install, it prints what to do.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';

interface Service {
  readonly name: string;
  /** Returns its version; `null` if it is not installed. */
  version(): string | null;
  /** Installs it. Returns the reason for a failure, else `null`. */
  install(): string | null;
  /** Whether the tests work without it. */
  readonly optional?: boolean;
}

const VENV = '.venv/celery';
/** Where the server for MongoDB's protocol is compiled. */
const MONGODB = 'node_modules/.cache/mongodb';
const CELERY = ['celery', 'redis', 'sqlalchemy'];
/** The workers' drivers for PostgreSQL and MariaDB: the default for `postgresql://` differs between SQLAlchemy 1.4 and 2.1. */
const DRIVERS = { debian: ['psycopg2', 'pymysql'], newest: ['psycopg', 'pymysql'] };
/** The packages that a worker needs for messages other than plain JSON. */
const CODECS = ['yaml', 'msgpack', 'brotli'];
/** Celery's own extra installs a package that kombu no longer uses; Python includes it from 3.14 on. */
const ZSTD = 'backports.zstd; python_version < "3.14"';
/** What pip installs into the venv, for each service. */
const PACKAGES = {
  // Celery's Redis transport needs more than redis-py; the extra lists it.
  celery: ['celery[redis,sqlalchemy]', 'celery-redbeat'],
  drivers: ['psycopg[binary]', 'pymysql'],
  codecs: ['pyyaml', 'msgpack', 'brotli', ZSTD],
  django: ['django-celery-beat'],
  tracing: ['opentelemetry-sdk', 'opentelemetry-instrumentation-celery'],
  dates: ['pendulum', 'pytz', 'python-dateutil'],
  flower: ['flower'],
  // An emulator of SQS without the other services of AWS, and what Celery's workers need for SQS.
  sqs: ['celery[sqs]', 'moto', 'flask', 'flask-cors'],
  // The newest version that reads the protocol of the tests' server for MongoDB.
  mongodb: ['pymongo<4.11'],
} as const;
/** Debian's folder of RabbitMQ versions. */
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
  'python3-pymongo',
  'python3-venv',
];

const services: readonly Service[] = [
  {
    name: 'redis-server',
    version: () => /v=(\S+)/.exec(output('redis-server', '--version') ?? '')?.[1] ?? null,
    install: installByApt,
  },
  { name: 'rabbitmq-server', version: rabbitVersion, install: installByApt },
  { name: 'postgresql', version: () => versionOfServer('postgres'), install: installByApt },
  { name: 'mariadb-server', version: () => versionOfServer('mariadbd'), install: installByApt },
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
      versionOf('/usr/bin/python3', DRIVERS.debian, 'pymysql') ?? versionOf('python3', DRIVERS.debian, 'pymysql'),
    install: installByApt,
  },
  {
    name: `psycopg and pymysql (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, DRIVERS.newest, 'pymysql'),
    install: () => installPackages('drivers'),
  },
  {
    name: "yaml, msgpack, brotli and zstandard (the system's Python)",
    version: () => versionOf('/usr/bin/python3', [...CODECS, 'zstandard'], 'msgpack'),
    install: installByApt,
  },
  {
    name: `yaml, msgpack, brotli and zstd (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, CODECS, 'msgpack'),
    install: () => installPackages('codecs'),
  },
  {
    name: `django-celery-beat (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, ['django', 'django_celery_beat'], 'django-celery-beat'),
    install: () => installPackages('django'),
    optional: true,
  },
  {
    name: `opentelemetry-instrumentation-celery (${VENV})`,
    version: () =>
      versionOf(
        `${VENV}/bin/python`,
        ['opentelemetry.sdk', 'opentelemetry.instrumentation.celery'],
        'opentelemetry-instrumentation-celery',
      ),
    install: () => installPackages('tracing'),
    optional: true,
  },
  {
    name: `pendulum, pytz and dateutil (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, ['pendulum', 'pytz', 'dateutil'], 'pendulum'),
    install: () => installPackages('dates'),
    optional: true,
  },
  {
    name: `flower (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, ['flower'], 'flower'),
    install: () => installPackages('flower'),
    optional: true,
  },
  {
    name: `moto, boto3 and pycurl (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, ['moto', 'flask_cors', 'boto3', 'pycurl'], 'moto'),
    install: () => installPackages('sqs'),
    optional: true,
  },
  {
    name: "pymongo (the system's Python)",
    version: () => versionOf('/usr/bin/python3', ['pymongo'], 'pymongo'),
    install: installByApt,
  },
  {
    name: `pymongo (${VENV})`,
    version: () => versionOf(`${VENV}/bin/python`, ['pymongo'], 'pymongo'),
    install: () => installPackages('mongodb'),
    optional: true,
  },
  {
    name: "a server for MongoDB's protocol (Java)",
    version: () => (isCompiled() ? 'mongo-java-server' : null),
    install: compileMongodb,
    optional: true,
  },
  {
    name: 'chromium',
    version: () => /[\d.]+/.exec(output('chromium', '--version') ?? '')?.[0] ?? null,
    install: () => runApt(['chromium']),
    optional: true,
  },
];

let apt: { reason: string | null } | undefined;
let hasPackages: boolean | undefined;
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

/** Read from the folder's name, because running RabbitMQ to get its version leaves an Erlang daemon behind. */
function rabbitVersion(): string | null {
  if (!existsSync(RABBITMQ)) return output('rabbitmqctl', 'version');
  const folders = readdirSync(RABBITMQ).map((name) => /^rabbitmq_server-(.+)/.exec(name)?.[1]);
  return folders.find((version) => version !== undefined) ?? null;
}

/** Debian installs PostgreSQL's programs outside of PATH, in one folder per version. */
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

/** Installs all Debian packages at once. Tests never use a server that the system started. */
function installByApt(): string | null {
  apt ??= { reason: runApt() };
  return apt.reason;
}

function runApt(packages: readonly string[] = DEBIAN): string | null {
  if (!succeeds('apt-get', '--version')) return byHand();
  const root = process.getuid?.() === 0;
  if (!root && !succeeds('sudo', '-n', 'true')) return `sudo apt-get install ${packages.join(' ')}`;
  // With runlevel 1, Debian's package scripts do not start new servers.
  const as = [...(root ? [] : ['sudo', '-n']), 'env', 'RUNLEVEL=1', 'DEBIAN_FRONTEND=noninteractive'];
  const get = (...args: string[]): boolean => shown(...as, 'apt-get', '-qq', '-y', ...args);
  // An error of `apt-get update` for another source must not prevent the installation.
  get('update');
  return get('install', '--no-install-recommends', ...packages) ? null : 'apt-get install failed';
}

function byHand(): string {
  if (process.platform === 'darwin') return 'brew install redis rabbitmq postgresql mariadb python';
  if (succeeds('dnf', '--version'))
    return 'sudo dnf install redis rabbitmq-server postgresql-server mariadb-server python3-celery python3-redis';
  return 'install redis-server, rabbitmq-server, postgresql, mariadb-server and Python 3 with your package manager';
}

/** Creates a venv in the project. Debian's own Python needs another package for that. */
function installByPip(): string | null {
  const made = makeVenv() || (installByApt() === null && makeVenv());
  if (!made) return 'no python3 here can make a venv (on Debian: apt-get install python3-venv)';
  return installPackages('celery');
}

/** Installs the packages of all services at once; if that fails, those of this service alone. */
function installPackages(name: keyof typeof PACKAGES): string | null {
  hasPackages ??= pip(Object.values(PACKAGES).flat());
  return hasPackages || pip(PACKAGES[name]) ? null : 'PyPI did not answer';
}

function pip(packages: readonly string[]): boolean {
  const install = ['-m', 'pip', 'install', '--quiet', '--retries', '1'];
  return shown(`${VENV}/bin/python`, ...install, ...packages);
}

function makeVenv(): boolean {
  return ['python3', '/usr/bin/python3', 'python3.13', 'python3.12'].some((python) => {
    rmSync(VENV, { recursive: true, force: true });
    return succeeds(python, '-m', 'venv', VENV);
  });
}

/** Returns the version of a package if Python can find all modules, without loading them. */
function versionOf(python: string, modules: readonly string[], of = 'celery'): string | null {
  if (python.includes('/') && !existsSync(python)) return null;
  const code = `
import importlib.metadata as m, importlib.util as u, sys
try:
    all(u.find_spec(n) for n in sys.argv[2:]) or sys.exit(1)
except ModuleNotFoundError:
    sys.exit(1)
print(m.version(sys.argv[1]), '(Python ' + sys.version.split()[0] + ')')`;
  return output(python, '-c', code, of, ...modules);
}

/** Whether the server of the tests is compiled from its present source. */
function isCompiled(): boolean {
  const compiled = `${MONGODB}/Server.class`;
  return existsSync(compiled) && statSync(compiled).mtimeMs >= statSync('test/support/mongodb/Server.java').mtimeMs;
}

/** Fetches the library of the server, and compiles it. */
function compileMongodb(): string | null {
  if (!succeeds('javac', '-version') || !succeeds('mvn', '--version')) {
    const reason = runApt(['default-jdk-headless', 'maven']);
    if (reason !== null) return reason;
  }
  const copy = ['dependency:copy-dependencies', '-f', 'test/support/mongodb/pom.xml'];
  const folder = `${process.cwd()}/${MONGODB}`;
  if (!shown('mvn', '-q', '-B', ...copy, `-DoutputDirectory=${folder}/lib`)) return 'Maven did not fetch it';
  const isDone = shown('javac', '-cp', `${MONGODB}/lib/*`, '-d', MONGODB, 'test/support/mongodb/Server.java');
  return isDone ? null : 'javac did not compile it';
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
  // The standard output of installers goes to standard error.
  return spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status === 0;
}
