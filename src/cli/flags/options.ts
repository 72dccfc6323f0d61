import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { loadSettings } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { nearest } from '../../util/did-you-mean.ts';
import { LOG_LEVELS, type LogFormat, type LogLevel } from '../../observe/log.ts';
import type { CeleryFlags } from './celery-flags.ts';
import { readMaxConfigSize } from './config-size.ts';

/** The flags that every command takes, as they came. */
export interface GlobalFlags extends CeleryFlags {
  readonly config?: string;
  readonly broker?: string;
  readonly state?: string;
  readonly loglevel?: string;
  readonly logFormat?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** In Celery's order, of the many names that it has: beat only writes to its broker. */
const BROKER_VARIABLES = [
  'BEAT_BROKER_URL',
  'CELERY_BROKER_WRITE_URL',
  'BROKER_URL',
  'CELERY_BROKER_URL',
];
const RESULT_VARIABLES = ['RESULT_BACKEND', 'CELERY_RESULT_BACKEND'];

/** Reads the configuration: a flag wins over the environment, that over the file, that over the default. */
export async function settingsOf(
  flags: GlobalFlags,
  env: Environment = process.env,
): Promise<Settings> {
  if (flags.config !== undefined) refusePython(flags.config);
  const path = flags.config ?? variable(env, 'BEAT_CONFIG');
  const overrides = {
    brokerUrl: flags.broker ?? firstOf(env, BROKER_VARIABLES),
    stateUrl: flags.state ?? variable(env, 'BEAT_STATE_URL'),
    resultBackend: flags.resultBackend ?? firstOf(env, RESULT_VARIABLES),
  };
  const maxFileSize = readMaxConfigSize(variable(env, 'BEAT_MAX_CONFIG_SIZE'));
  try {
    return await loadSettings(path, { cwd: process.cwd(), overrides, maxFileSize });
  } catch (error) {
    const nothingFound =
      path === undefined && error instanceof ConfigError && !error.errors[0]?.file;
    if (!nothingFound || flags.app === undefined) throw error;
    throw new ConfigError([...error.errors, aboutApp(flags.app)]);
  }
}

/** Celery's `--config` is a module. It would be reported as a file that is not there. */
function refusePython(config: string): void {
  const isFile = /\.(m?[jt]s|ya?ml|json)$/.test(config);
  if (!/^([a-z_]\w*\.)*[a-z_]\w*$/i.test(config) || isFile) return;
  if (!config.endsWith('.py') && existsSync(config)) return;
  throw new ConfigError(
    `--config ${config}: beat reads no Python module; put its settings, under the names they have, ` +
      'into a file such as beat.config.yaml, and name that',
  );
}

/** Where nothing was found, whoever gave `-A` may wonder why it did not do. */
function aboutApp(app: string): Diagnostic {
  const message =
    `--app ${app}: beat reads no Python app; the beat_schedule of yours goes into a file such as ` +
    'beat.config.yaml';
  return errorAt([], message);
}

export function logLevelOf(flags: GlobalFlags, env: Environment = process.env): LogLevel {
  const given = flags.loglevel ?? variable(env, 'BEAT_LOG_LEVEL') ?? 'info';
  return oneOf('the log level', given.toLowerCase(), Object.keys(LOG_LEVELS) as LogLevel[]);
}

/** Lines of JSON unless a person is watching. */
export function logFormatOf(flags: GlobalFlags, isTerminal = process.stdout.isTTY): LogFormat {
  const given = flags.logFormat ?? (isTerminal ? 'text' : 'json');
  return oneOf('the log format', given, ['json', 'text']);
}

/** As Celery writes it, so that a message's `origin` tells the process that sent it. */
export function originOf(): string {
  return `gen${process.pid}@${hostname()}`;
}

function oneOf<T extends string>(what: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === given);
  if (found) return found;
  const hint = nearest(given, allowed);
  throw new ConfigError(
    `${what} "${given}" is unknown${hint ? `, did you mean "${hint}"?` : ''}; allowed: ${allowed.join(', ')}`,
  );
}

function firstOf(env: Environment, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = variable(env, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A variable, or the content of the file that its `_FILE` form names: how containers hand over secrets. */
function variable(env: Environment, name: string): string | undefined {
  const value = env[name];
  const file = env[`${name}_FILE`];
  if (value && file)
    throw new ConfigError(`${name} and ${name}_FILE are both set; keep one of them`);
  if (!file) return filled(value);
  try {
    return filled(readFileSync(file, 'utf8').trim());
  } catch (error) {
    throw new ConfigError(`${name}_FILE: cannot read "${file}": ${(error as Error).message}`);
  }
}

/** An empty variable is one that is not set: that is how shells and compose files leave one out. */
function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
