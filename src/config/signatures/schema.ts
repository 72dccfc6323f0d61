import { z } from 'zod';
import { isLazy, type Lazy } from '../../celery/message/lazy.ts';
import type { SignatureConfig } from '../../generated/config-types.ts';
import { optionsSchema } from '../options/options.ts';
import { ignored, named, OPTION_DOCS, option, required, list, map, MAP, name } from '../values/option.ts';

export const SIGNATURE_FORMS =
  'the name of a task, or a map of one of task, chain, group and chord (as in {chain: [{task: tasks.add, args: [1]}, tasks.mul]})';

const LAZY = { from: 'celery/message/lazy.ts' };
const lazyArgs = named(z.custom<Lazy<readonly unknown[]>>(isLazy), 'Lazy<readonly unknown[]>', LAZY);
const lazyKwargs = named(z.custom<Lazy<Record<string, unknown>>>(isLazy), 'Lazy<Record<string, unknown>>', LAZY);

export const ARGUMENTS = {
  args: option(
    z.union([list(), lazyArgs], 'a list'),
    'Positional arguments; those of a signature follow them. Texts may contain templates such as `{{dueAt - 1d | yyyy-MM-dd}}`.',
    { default: [], example: [1, 'two'] },
  ),
  kwargs: option(z.union([lazyKwargs, map()], 'a map'), 'Keyword arguments, as `args`.', {
    default: {},
    example: { dry_run: true },
  }),
};

/** Callbacks are signatures; `SignatureReader` validates them. */
const links = { link: z.unknown().optional(), linkError: z.unknown().optional() };

/** Options as they are validated, without their callbacks. */
export const linkedOptionsSchema = optionsSchema.extend(links);

export type LinkedOptions = z.output<typeof linkedOptionsSchema>;

const CHORD = 'a map of header (a list of signatures) and body (one)';
const OPTIONS =
  'Options of the task: of a chain those of its first task, of a group those of each, of a chord those of header and body.';
const immutable = () => option.flag('Whether the task ignores the result of the task before it.', { default: false });
const common = { options: z.unknown().optional(), immutable: immutable() };
const chordParts = { header: z.unknown().optional(), body: z.unknown().optional() };

/** The forms without inner signatures. A task has all keys of Celery, which serializes canvases as tasks. */
export const FORMS = {
  task: z.strictObject({
    task: required(name(), 'The registered name of the task.', { example: 'tasks.add' }),
    ...ARGUMENTS,
    ...common,
    subtaskType: option(z.string('text').nullable(), 'Written by Celery: the kind of signature.', { example: 'chain' }),
    chordSize: ignored(),
  }),
  chain: z.strictObject({ chain: list(), ...common }),
  group: z.strictObject({ group: list(), ...common }),
  chord: z.strictObject({ chord: z.strictObject(chordParts, CHORD), ...common }),
};

const TASK = 'The registered name of the Celery task, or a signature.';

/** A signature of any depth, for editors. */
const signatureSchema: z.ZodType<unknown, SignatureConfig> = named(
  z.lazy(
    () => z.union([name(), taskForm(), chainForm(), groupForm(), chordForm()]) as z.ZodType<unknown, SignatureConfig>,
  ),
  'SignatureConfig',
  {
    description:
      'A task, or several as one piece of work. A name alone is a task without arguments. Signatures that Celery has serialized are read too.',
  },
);
OPTION_DOCS.add(signatureSchema, { id: 'signature', description: TASK });

/** A form with its options. A function, because documentation belongs to the instance of a schema. */
const form = (kind: keyof typeof FORMS, type: string, description: string, parts: z.ZodRawShape = {}) => {
  const options = option(deepOptionsSchema, OPTIONS, { example: { queue: 'slow' } });
  return named((FORMS[kind] as z.ZodObject).extend({ ...parts, options }), type, { description });
};
const taskForm = () => form('task', 'TaskConfig', 'A task with its arguments.');
const chainForm = () =>
  form('chain', 'ChainConfig', 'Tasks that run one after the other, each with the result of the one before.', {
    chain: required(several(), 'Tasks that run one after the other.', { example: ['tasks.fetch', 'tasks.parse'] }),
  });
const groupForm = () =>
  form('group', 'GroupConfig', 'Tasks that run at the same time.', {
    group: required(several(), 'Tasks that run at the same time.', { example: ['tasks.a', 'tasks.b'] }),
  });
const chordForm = () => {
  const body = z.lazy(() => signatureSchema);
  const chord = z.strictObject({
    header: required(oneOrMore(), 'The tasks that run at the same time.', { example: ['tasks.a', 'tasks.b'] }),
    body: required(body, 'The task that receives the list of their results.', { example: 'tasks.sum' }),
  });
  return form(
    'chord',
    'ChordConfig',
    'Tasks that run at the same time, then one task with the list of their results.',
    {
      chord: required(named(chord, 'ChordParts'), 'Header and body.', {
        example: { header: ['tasks.a', 'tasks.b'], body: 'tasks.sum' },
      }),
    },
  );
};

const several = () => z.array(signatureSchema).min(1);
const oneOrMore = () => z.union([signatureSchema, several()]);

/** Options with callbacks of any depth, for editors and for the spelling of their keys. */
export const deepOptionsSchema = named(
  optionsSchema.extend({
    link: option(
      z.lazy(oneOrMore),
      "Callbacks that a worker calls with the result when the task (a chain's last, a chord's body) has succeeded.",
      { example: 'tasks.done' },
    ),
    linkError: option(z.lazy(oneOrMore), 'Callbacks that a worker calls with the id of the task that failed.', {
      example: 'tasks.failed',
    }),
  }),
  'SignatureOptions',
  { description: "Options of Celery's `apply_async` that shape the message." },
);

export const taskOrSignature = () => option(z.union([name(), signatureSchema], MAP), TASK, { example: 'tasks.report' });
