import { z } from 'zod';
import { isLazy, type Lazy } from '../../message/lazy.ts';
import type { SignatureConfig } from '../define/signatures.ts';
import { optionsSchema } from '../options/schema.ts';
import { flag, list, map, MAP, name } from '../values/scalars.ts';

/** What a signature may look like, in words for error messages. */
export const SIGNATURE_FORMS =
  'the name of a task, or a map of one of task, chain, group and chord (as in {chain: [{task: tasks.add, args: [1]}, tasks.mul]})';

export const ARGUMENTS = {
  args: z.union([list(), z.custom<Lazy<readonly unknown[]>>(isLazy)], 'a list').optional(),
  kwargs: z.union([z.custom<Lazy<Record<string, unknown>>>(isLazy), map()], 'a map').optional(),
};

/** Callbacks are signatures, and read by what reads those. */
const links = { link: z.unknown().optional(), linkError: z.unknown().optional() };

/** Options as they are read: their callbacks are looked into by themselves. */
export const linkedOptionsSchema = optionsSchema.extend(links);

export type LinkedOptions = z.output<typeof linkedOptionsSchema>;

const CHORD = 'a map of header (a list of signatures) and body (one)';
const of = { options: z.unknown().optional(), immutable: flag().optional() };
const chordParts = { header: z.unknown().optional(), body: z.unknown().optional() };

/**
 * Each form as it is read: what is within is looked into by itself. A task has all that Celery writes, which
 * calls its chains, groups and chords tasks too.
 */
export const FORMS = {
  task: z.strictObject({
    task: name(),
    ...ARGUMENTS,
    ...of,
    subtaskType: z.string('text').nullable().optional().describe("Celery's."),
    chordSize: z.unknown().optional().describe("Celery's, of old."),
  }),
  chain: z.strictObject({ chain: list(), ...of }),
  group: z.strictObject({ group: list(), ...of }),
  chord: z.strictObject({ chord: z.strictObject(chordParts, CHORD), ...of }),
};

/** A signature to any depth, for editors. */
const signatureSchema: z.ZodType<unknown, SignatureConfig> = z
  .lazy(() =>
    z.union([
      name(),
      FORMS.task.extend(within()),
      FORMS.chain.extend({ chain: many(), ...within() }),
      FORMS.group.extend({ group: many(), ...within() }),
      FORMS.chord.extend({
        chord: z.strictObject({ header: oneOrMore(), body: signatureSchema }),
        ...within(),
      }),
    ]),
  )
  .meta({ id: 'signature' });

const many = () => z.array(signatureSchema).min(1);
const oneOrMore = () => z.union([signatureSchema, many()]);

/** Options to any depth, for editors and for the spelling of their names. */
export const deepOptionsSchema = optionsSchema.extend({
  link: z
    .lazy(oneOrMore)
    .optional()
    .describe('Called by the worker with the result: a signature, or several.'),
  linkError: z
    .lazy(oneOrMore)
    .optional()
    .describe('Called by the worker with the id of the task that failed.'),
});
const within = () => ({ options: deepOptionsSchema.optional() });

export const taskOrSignature = () =>
  z.union([name(), signatureSchema], MAP).describe('The name of the task, or a signature.');
