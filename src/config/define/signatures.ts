import type { Lazy } from '../../message/lazy.ts';
import type { OptionsConfig } from './options.ts';

/**
 * A task to be called, or several as one piece of work. A name alone is a task without arguments. Also
 * read: signatures as Celery serializes them (`{task: 'celery.chain', kwargs: {tasks: […]}, …}`).
 */
export type SignatureConfig =
  string | TaskConfig | ChainConfig | GroupConfig | ChordConfig | CelerySignature;

/** What calls a task, and what of its result. */
export interface TaskConfig extends SignatureParts {
  /** The registered name of the Celery task. */
  readonly task: string;
  readonly args?: readonly unknown[] | Lazy<readonly unknown[]> | undefined;
  readonly kwargs?: Readonly<Record<string, unknown>> | Lazy<Record<string, unknown>> | undefined;
}

/** One after the other, each called with what the one before it returned. */
export interface ChainConfig extends SignatureParts {
  readonly chain: readonly SignatureConfig[];
}

/** All at once. */
export interface GroupConfig extends SignatureParts {
  readonly group: readonly SignatureConfig[];
}

/** All of the header at once, then the body with the list of what they returned. */
export interface ChordConfig extends SignatureParts {
  readonly chord: {
    readonly header: SignatureConfig | readonly SignatureConfig[];
    readonly body: SignatureConfig;
  };
}

/** What Celery writes for one of the above. */
export interface CelerySignature extends TaskConfig {
  readonly subtask_type: string | null;
}

/** Of any signature. */
export interface SignatureParts {
  /** Of a chain they concern its first task, of a group each, of a chord header and body, as in Celery. */
  readonly options?: SignatureOptions | undefined;
  /** Takes no arguments from what ran before it. Default `false`. */
  readonly immutable?: boolean | undefined;
}

export interface SignatureOptions extends OptionsConfig, LinksConfig {}

export interface LinksConfig {
  /** Called with the result, by the worker, once the task (a chain's last, a chord's body) has succeeded. */
  readonly link?: SignatureConfig | readonly SignatureConfig[] | undefined;
  /** Called with the id of the task that failed. */
  readonly linkError?: SignatureConfig | readonly SignatureConfig[] | undefined;
}

/** `sig('tasks.add', [1, 2], { options: { queue: 'slow' } })`: a task with its arguments. */
export function sig(
  task: string,
  args: NonNullable<TaskConfig['args']> = [],
  more: Omit<TaskConfig, 'task' | 'args'> = {},
): TaskConfig {
  return Object.freeze({ task, args, ...more });
}

/** Signatures, one by one or as a list; after a list also what else there is to say of the whole. */
type Several =
  readonly SignatureConfig[] | readonly [tasks: readonly SignatureConfig[], more?: SignatureParts];

/** `chain(sig('tasks.add', [1, 2]), sig('tasks.mul', [3]))`: one after the other. */
export function chain(...given: Several): ChainConfig {
  const [tasks, more] = severalOf(given);
  return Object.freeze({ chain: tasks, ...more });
}

/** `group(sig('tasks.add', [1, 1]), sig('tasks.add', [2, 2]))`: all at once. */
export function group(...given: Several): GroupConfig {
  const [tasks, more] = severalOf(given);
  return Object.freeze({ group: tasks, ...more });
}

function severalOf(given: Several): [readonly SignatureConfig[], SignatureParts] {
  const [first, more] = given;
  if (Array.isArray(first)) return [first as SignatureConfig[], (more ?? {}) as SignatureParts];
  return [given as readonly SignatureConfig[], {}];
}

/** `chord([sig('tasks.add', [1, 1]), …], sig('tasks.sum'))`: all at once, then one with all results. */
export function chord(
  header: ChordConfig['chord']['header'],
  body: SignatureConfig,
  more: SignatureParts = {},
): ChordConfig {
  return Object.freeze({ chord: { header, body }, ...more });
}
