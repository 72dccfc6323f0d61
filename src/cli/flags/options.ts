import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { EXACT_INSTANT_FORMS, parseExactInstant } from '../../celery/message/parse-instant.ts';
import { ConfigFiles } from '../../config/config-files.ts';
import type { Settings } from '../../config/settings.ts';
import { VARIABLES } from '../../config/variables.ts';
import { LOG_LEVELS, type LogFormat, type LogLevel } from '../../observe/logger.ts';
import { errorAt } from '../../util/diagnostic.ts';
import { didYouMean, findClosest } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';
import type { CeleryFlags } from './celery-flags.ts';

/** The flags that every subcommand accepts, as given. */
export interface GlobalFlags extends CeleryFlags {
  readonly config?: string;
  readonly broker?: string;
  readonly state?: string;
  readonly loglevel?: string;
  readonly logFormat?: string;
  /** Only of `start`. */
  readonly http?: string;
}

export interface JsonFlags extends GlobalFlags {
  readonly json?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The files of the configuration. Flags override the environment, which overrides files, which override defaults. */
export function findConfigFiles(flags: GlobalFlags, env: Environment = process.env): ConfigFiles {
  if (flags.config !== undefined) rejectPythonModule(flags.config);
  const read = (name: keyof typeof VARIABLES) => readSetting(env, name);
  return new ConfigFiles(flags.config ?? read('config'), {
    cwd: process.cwd(),
    overrides: () => ({
      brokerUrl: flags.broker ?? read('brokerUrl'),
      stateUrl: flags.state ?? read('stateUrl'),
      remoteControl: flags.enableRemoteControl,
      resultBackend: flags.resultBackend ?? read('resultBackend'),
      alerts: {
        heartbeatUrl: read('heartbeatUrl'),
        sentryDsn: read('sentryDsn'),
        webhookSecret: read('webhookSecret'),
      },
      http: {
        listen: flags.http ?? read('httpListen'),
        readToken: read('httpReadToken'),
        changeToken: read('httpChangeToken'),
      },
    }),
    availableMemory: () => process.availableMemory(),
    maxFileSize: readMaxConfigSize(read('maxConfigSize')),
  });
}

export async function readSettings(
  flags: GlobalFlags,
  env: Environment = process.env,
  files: ConfigFiles = findConfigFiles(flags, env),
): Promise<Settings> {
  try {
    return await files.read();
  } catch (error) {
    const nothingFound = !files.isNamed && error instanceof ConfigError && error.errors[0]?.file === undefined;
    if (!nothingFound || flags.app === undefined) throw error;
    const advice = 'beat does not load Python apps; copy its beat_schedule to a file such as beat.config.yaml';
    throw new ConfigError([...error.errors, errorAt([], `--app ${flags.app}: ${advice}`)]);
  }
}

/** Rejects a Python module, which Celery's `--config` names; beat would report it as a missing file. */
function rejectPythonModule(config: string): void {
  const isFile = /\.(m?[jt]s|ya?ml|json)$/.test(config);
  if (!/^([a-z_]\w*\.)*[a-z_]\w*$/i.test(config) || isFile) return;
  if (!config.endsWith('.py') && existsSync(config)) return;
  throw new ConfigError(
    `--config ${config}: beat does not read Python modules; copy its settings, under the same names, ` +
      'to a file such as beat.config.yaml, and pass that file',
  );
}

export function chooseLogLevel(flags: GlobalFlags, env: Environment = process.env): LogLevel {
  const given = flags.loglevel ?? readSetting(env, 'logLevel') ?? 'info';
  return oneOf('the log level', given.toLowerCase(), Object.keys(LOG_LEVELS) as LogLevel[]);
}

/** The format of log lines: by default text on a terminal, else JSON. */
export function chooseLogFormat(flags: GlobalFlags, isTerminal = process.stdout.isTTY): LogFormat {
  return oneOf('the log format', flags.logFormat ?? (isTerminal ? 'text' : 'json'), ['json', 'text']);
}

/** Formats the `origin` header of messages as Celery does: it identifies the sending process. */
export function formatOrigin(): string {
  return `gen${process.pid}@${hostname()}`;
}

function oneOf<T extends string>(what: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === given);
  if (found) return found;
  const hint = findClosest(given, allowed);
  throw new ConfigError(
    `${what} "${given}" is unknown${hint ? `, did you mean "${hint}"?` : ''}; allowed: ${allowed.join(', ')}`,
  );
}

function readSetting(env: Environment, setting: keyof typeof VARIABLES): string | undefined {
  for (const name of VARIABLES[setting]) {
    const value = readVariable(env, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Reads a variable, or the file that its `_FILE` form names, as is usual for secrets in containers. */
function readVariable(env: Environment, name: string): string | undefined {
  const value = env[name];
  const file = env[`${name}_FILE`];
  if (value && file) throw new ConfigError(`${name} and ${name}_FILE are both set; unset one of them`);
  if (!file) return omitEmpty(value);
  try {
    return omitEmpty(readFileSync(file, 'utf8').trim());
  } catch (error) {
    throw new ConfigError(`${name}_FILE: cannot read "${file}": ${(error as Error).message}`);
  }
}

/** Treats an empty variable as not set, because shells and compose files pass unset variables as empty. */
function omitEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Parses `BEAT_MAX_CONFIG_SIZE` into bytes; `undefined` if it is not set. Throws a `ConfigError` if it is invalid. */
function readMaxConfigSize(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,15}) ?([KMG]iB)?$/.exec(given) ?? [];
  if (digits !== undefined) return Number(digits) * UNITS[unit]!;
  throw new ConfigError(
    'BEAT_MAX_CONFIG_SIZE: expected a number of bytes, or of KiB, MiB or GiB, such as 64MiB, ' +
      `got ${JSON.stringify(given.slice(0, 60))}`,
  );
}

/** Parses a flag's instant into epoch milliseconds. Throws a `ConfigError` for an instant without an offset or `Z`. */
export function readInstant(flag: string, text: string): number {
  const at = parseExactInstant(text);
  if (at !== null) return at;
  throw new ConfigError(`${flag}: expected ${EXACT_INSTANT_FORMS}, got "${text}"`);
}

/** Reads one of a few names. Throws a `ConfigError` with the closest one. */
export function readChoice<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === text);
  if (found !== undefined) return found;
  throw new ConfigError(`${flag}: expected one of ${allowed.join(', ')}, got "${text}"${didYouMean(text, allowed)}`);
}

/** Reads a whole number from 1 to `most`. Throws a `ConfigError`. */
export function readWhole(flag: string, text: string, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= most) return number;
  const limit = most.toLocaleString('en');
  throw new ConfigError(`${flag}: expected a whole number from 1 to ${limit}, got "${text}"`);
}
