import { isDeepStrictEqual } from 'node:util';
import { isMap } from '../util/is-map.ts';

/** The keyword arguments of the shell task, as `shell` entries have them. */
export interface Job {
  readonly command: string;
  readonly shell: string;
  /** `null` for the directory of the worker. */
  readonly cwd: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** Seconds; `null` for no limit. */
  readonly timeout: number | null;
  /** `null` for the user of the worker. */
  readonly user: string | null;
  /** Bytes of standard output, and of standard error, that the result contains. */
  readonly maxOutput: number;
}

/** The default limit of a job's output, bytes. */
const MAX_OUTPUT = 64 * 1_024;

const FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  command: isText,
  shell: isText,
  cwd: (value) => value === null || isText(value),
  env: (value) => isMap(value) && Object.values(value).every(isText),
  stdin: isText,
  timeout: (value) => value === null || (typeof value === 'number' && value >= 0),
  user: (value) => value === null || isText(value),
  max_output: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

/** Reads the keyword arguments of a message. Returns a text that names an invalid argument. */
export function parseJob(kwargs: Readonly<Record<string, unknown>>): Job | string {
  for (const [name, value] of Object.entries(kwargs)) {
    const isValid = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (!isValid) return `it has the unknown argument ${JSON.stringify(name)}`;
    if (!isValid(value)) return `its argument ${name} is invalid`;
  }
  if (kwargs['command'] === undefined) return 'it has no command';
  const { max_output: maxOutput = MAX_OUTPUT, ...given } = kwargs as Partial<Job> & {
    readonly command: string;
    readonly max_output?: number;
  };
  const { command, shell = '/bin/sh', cwd = null, env = {}, stdin = '' } = given;
  return { command, shell, cwd, env, stdin, maxOutput, timeout: given.timeout ?? null, user: given.user ?? null };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

/** The jobs that a worker may run: any job, or only jobs that equal a `declared` one in all fields. */
export class AllowedJobs {
  readonly #declared: ReadonlySet<string> | 'any';

  constructor(declared: readonly Readonly<Record<string, unknown>>[] | 'any') {
    this.#declared = declared === 'any' ? 'any' : new Set(declared.map(canonicalJson));
  }

  /** How many jobs are declared; `null` if any job is allowed. */
  get size(): number | null {
    return this.#declared === 'any' ? null : this.#declared.size;
  }

  /** Whether both contain the same jobs. */
  equals(other: AllowedJobs): boolean {
    return isDeepStrictEqual(other.#declared, this.#declared);
  }

  has(kwargs: Readonly<Record<string, unknown>>): boolean {
    return this.#declared === 'any' || this.#declared.has(canonicalJson(kwargs));
  }
}

/** A canonical text: equal for equal values, in any order of the keys of maps. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inside: unknown) =>
    isMap(inside) ? Object.fromEntries(Object.entries(inside).sort(([a], [b]) => (a < b ? -1 : 1))) : inside,
  );
}
