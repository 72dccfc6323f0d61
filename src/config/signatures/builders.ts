import type {
  ChainConfig,
  ChordConfig,
  GroupConfig,
  SignatureConfig,
  TaskConfig,
} from '../config-types.ts';

/** What any signature may have beside its tasks. */
type SignatureParts = Pick<ChainConfig, 'options' | 'immutable'>;

/** `sig('tasks.add', [1, 2], { options: { queue: 'slow' } })`: a task with its arguments. */
export function sig(
  task: string,
  args: NonNullable<TaskConfig['args']> = [],
  more: Omit<TaskConfig, 'task' | 'args'> = {},
): Readonly<TaskConfig> {
  return Object.freeze({ task, args, ...more });
}

/** Signatures one by one, or as a list with the other parts of the whole after it. */
type Several =
  readonly SignatureConfig[] | readonly [tasks: readonly SignatureConfig[], more?: SignatureParts];

/** `chain(sig('tasks.add', [1, 2]), sig('tasks.mul', [3]))`: they run one after the other. */
export function chain(...given: Several): Readonly<ChainConfig> {
  const [tasks, more] = readTasks(given);
  return Object.freeze({ chain: tasks, ...more });
}

/** `group(sig('tasks.add', [1, 1]), sig('tasks.add', [2, 2]))`: they run at the same time. */
export function group(...given: Several): Readonly<GroupConfig> {
  const [tasks, more] = readTasks(given);
  return Object.freeze({ group: tasks, ...more });
}

function readTasks(given: Several): [readonly SignatureConfig[], SignatureParts] {
  const [first, more] = given;
  if (Array.isArray(first)) return [first as SignatureConfig[], (more ?? {}) as SignatureParts];
  return [given as readonly SignatureConfig[], {}];
}

/** `chord([sig('tasks.add', [1, 1]), …], sig('tasks.sum'))`: the header runs at the same time, then the body with all results. */
export function chord(
  header: ChordConfig['chord']['header'],
  body: SignatureConfig,
  more: SignatureParts = {},
): Readonly<ChordConfig> {
  return Object.freeze({ chord: { header, body }, ...more });
}
