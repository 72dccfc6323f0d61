import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { ConfigError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { LOG_LEVELS, type LogFormat, type LogLevel } from '../observe/log.ts';

/** The flags that every command takes, as they came. */
export interface GlobalFlags {
  readonly config?: string;
  readonly broker?: string;
  readonly state?: string;
  readonly loglevel?: string;
  readonly logFormat?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the configuration: a flag wins over the environment, that over the file, that over the default. */
export async function settingsOf(
  flags: GlobalFlags,
  env: Environment = process.env,
): Promise<Settings> {
  const brokerUrl =
    flags.broker ?? variable(env, 'BEAT_BROKER_URL') ?? variable(env, 'CELERY_BROKER_URL');
  return loadSettings(flags.config ?? variable(env, 'BEAT_CONFIG'), {
    cwd: process.cwd(),
    overrides: {
      brokerUrl,
      stateUrl: flags.state ?? variable(env, 'BEAT_STATE_URL'),
      resultBackend: variable(env, 'CELERY_RESULT_BACKEND'),
    },
  });
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
