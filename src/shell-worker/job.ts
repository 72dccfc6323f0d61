import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isMap } from '../util/is-map.ts';
import type { Immutable } from '../util/shape.ts';

const text = z.string().refine((value) => !value.includes('\0'));

/** The keyword arguments of the shell task, as `shell` entries have them. */
const job = z
  .strictObject({
    command: text,
    shell: text.default('/bin/sh'),
    /** `null` for the directory of the worker. */
    cwd: text.nullable().default(null),
    env: z.record(z.string(), text).default({}),
    stdin: text.default(''),
    /** Seconds; `null` for no limit. */
    timeout: z.number().nonnegative().nullable().default(null),
    /** `null` for the user of the worker. */
    user: text.nullable().default(null),
    /** Bytes of standard output, and of standard error, that the result contains. */
    max_output: z
      .int()
      .nonnegative()
      .default(64 * 1_024),
  })
  .transform(({ max_output: maxOutput, ...others }) => ({ ...others, maxOutput }));

export type Job = Immutable<z.output<typeof job>>;

/** Reads the keyword arguments of a message. Returns a text that names an invalid argument. */
export function parseJob(kwargs: Readonly<Record<string, unknown>>): Job | string {
  const { data, error } = job.safeParse(kwargs);
  if (data) return data;
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys') return `it has the unknown argument ${JSON.stringify(issue.keys[0])}`;
  return kwargs['command'] === undefined ? 'it has no command' : `its argument ${String(issue.path[0])} is invalid`;
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
