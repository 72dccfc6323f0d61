import type {
  BeatConfig,
  ChainConfig,
  ChordConfig,
  GroupConfig,
  SignatureConfig,
  TaskConfig,
} from '../generated/config-types.ts';

/** Types a configuration for the editor; returns it unchanged. */
export function defineConfig(config: BeatConfig): BeatConfig {
  return config;
}

/** The properties that every signature has besides its tasks. */
type SignatureParts = Pick<ChainConfig, 'options' | 'immutable'>;

/** `sig('tasks.add', [1, 2], { options: { queue: 'slow' } })`: a task with its arguments. */
export function sig(
  task: string,
  args: NonNullable<TaskConfig['args']> = [],
  more: Omit<TaskConfig, 'task' | 'args'> = {},
): Readonly<TaskConfig> {
  return Object.freeze({ task, args, ...more });
}

/** Signatures as arguments, or one list of signatures and other properties. */
type Several = readonly SignatureConfig[] | readonly [tasks: readonly SignatureConfig[], more?: SignatureParts];

/** `chain(sig('tasks.add', [1, 2]), sig('tasks.mul', [3]))`: the tasks run one after the other. */
export function chain(...given: Several): Readonly<ChainConfig> {
  const [tasks, more] = readTasks(given);
  return Object.freeze({ chain: tasks, ...more });
}

/** `group(sig('tasks.add', [1, 1]), sig('tasks.add', [2, 2]))`: the tasks run at the same time. */
export function group(...given: Several): Readonly<GroupConfig> {
  const [tasks, more] = readTasks(given);
  return Object.freeze({ group: tasks, ...more });
}

function readTasks(given: Several): [readonly SignatureConfig[], SignatureParts] {
  const [first, more] = given;
  if (Array.isArray(first)) return [first as SignatureConfig[], (more ?? {}) as SignatureParts];
  return [given as readonly SignatureConfig[], {}];
}

/** `chord([sig('tasks.add', [1, 1]), …], sig('tasks.sum'))`: the tasks of the header run at the same time, then the body runs with all results. */
export function chord(
  header: ChordConfig['chord']['header'],
  body: SignatureConfig,
  more: SignatureParts = {},
): Readonly<ChordConfig> {
  return Object.freeze({ chord: { header, body }, ...more });
}
