import { z } from 'zod';
import type { Definition } from '../catalog/definition.ts';
import { INSTANT_FORMS, parseExactInstant } from '../../celery/message/parse-instant.ts';
import { isMap } from '../../util/is-map.ts';
import { shape, type Immutable, type ShapeOf } from '../../util/shape.ts';
import { thousands } from '../../util/thousands.ts';

// What can be asked of a running service: one JSON object in the command log. Each schema parses it, gives its types, and documents it
// in the OpenAPI document and in docs/api.md. Every text given to zod here says what is allowed.

/** Longest text of a field, in UTF-16 units: a command is a request to the leader, not a place for data. */
const MAX_TEXT = 1_000;
export const MAX_ID = 100;
const MAX_NAME = 10_000;
/** Entries that one command adds at most: they are one commit. */
export const MAX_ENTRIES = 1_000;

const isClean = (value: string) => value.isWellFormed() && !value.includes('\0');

const text = (longest: number) => {
  const error = `a text of 1 to ${thousands(longest)} characters without NUL or lone surrogates`;
  const stop = { error, abort: true };
  return z.string(error).min(1, stop).max(longest, stop).refine(isClean, error);
};

/** An instant with an offset: without one it would depend on the zone of the reader. Parsed to epoch milliseconds. */
const instant = z
  .string(INSTANT_FORMS)
  .meta({ format: 'date-time' })
  .transform((value, context) => {
    const at = parseExactInstant(value);
    if (at === null) context.addIssue({ code: 'custom', message: INSTANT_FORMS });
    return at ?? z.NEVER;
  });

/** A field that may be absent or `null`. */
const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? null);

export const entry = text(MAX_NAME).describe('The name of the entry.');

// zod would drop a key `__proto__` of a record.
const definition = z
  .custom<Definition>(isMap, 'an object, in the notation of beatSchedule')
  .meta({ type: 'object' })
  .describe('Fields of an entry of `beatSchedule`, as JSON.');

const NAMED = `an object of 1 to ${thousands(MAX_ENTRIES)} definitions by entry name`;
const definitions = z
  .custom<Readonly<Record<string, Definition>>>((value) => {
    if (!isMap(value)) return false;
    const all = Object.entries(value);
    const isValid = ([key, each]: [string, unknown]) => entry.safeParse(key).success && isMap(each);
    return all.length > 0 && all.length <= MAX_ENTRIES && all.every(isValid);
  }, NAMED)
  .meta({ type: 'object', additionalProperties: { type: 'object' }, minProperties: 1 })
  .describe(`Instead of \`entry\` and \`definition\`: ${NAMED}, all or none of which are created.`);

export const HEADER = {
  id: text(MAX_ID).describe(
    'Unique, such as a UUID: a command that is sent twice is applied once. The API chooses one if a request has none.',
  ),
  at: optional(instant).describe('When it was sent, by the clock of its sender.'),
  by: text(MAX_TEXT)
    .nullish()
    .transform((value) => value ?? '')
    .describe('Who sent it, for the log and the audit trail.'),
  reason: optional(text(MAX_TEXT)).describe('Why, for the log and the audit trail.'),
};

function commandOf<N extends string, F extends z.ZodRawShape>(name: N, description: string, fields: F) {
  return z.strictObject({ do: z.literal(name), ...fields, ...HEADER }).describe(description);
}

const pause = commandOf('pause', 'Publishes no scheduled run of the entry until it is resumed, or until an instant.', {
  entry,
  until: optional(instant),
});

const resume = commandOf('resume', 'Ends a pause. Occurrences of the pause are skipped, not caught up.', { entry });

const run = commandOf('run', 'Publishes a run now, beside the schedule.', { entry });

const skip = commandOf('skip', 'Skips one occurrence to come.', {
  entry,
  dueAt: optional(instant).describe('Its instant; the next occurrence unless given.'),
});

const backfill = commandOf(
  'backfill',
  'Publishes a run for each occurrence in `[from, to)`, whether or not it was published before.',
  { entry, from: instant, to: instant },
);

const add = commandOf('add', 'Creates stored entries, all of them or none.', {
  entry: optional(entry),
  definition: optional(definition),
  entries: optional(definitions),
})
  .refine(isOneOrSeveral, {
    path: ['entries'],
    error: 'either entry and definition, or entries',
    // Reported together with problems of other fields.
    when: ({ value }) => isMap(value),
  })
  // One entry and several have one form from here on.
  .transform(({ definition: only, entries, ...command }) => ({
    ...command,
    definitions: entries ?? { [command.entry!]: only! },
  }));

function isOneOrSeveral(given: Readonly<Record<'entry' | 'definition' | 'entries', unknown>>): boolean {
  const one = [given.entry, given.definition].filter((value) => (value ?? null) !== null).length;
  return (given.entries ?? null) === null ? one === 2 : one === 0;
}

const update = commandOf(
  'update',
  "Replaces the named fields of a stored entry's definition; `null` removes a field.",
  { entry, definition },
);

const remove = commandOf('remove', 'Removes a stored entry with its state.', { entry });

const reload = commandOf('reload', 'Reads the configuration files again.', {});

const COMMANDS = { pause, resume, run, skip, backfill, add, update, remove, reload };

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];
export type CommandName = keyof typeof COMMANDS;

export function fieldsOf(name: CommandName): readonly string[] {
  const command = COMMANDS[name];
  return Object.keys((command instanceof z.ZodPipe ? command.in : command).shape);
}

export const commandSchema = shape(
  'Command',
  'A request to the leader: see [commands](commands.md).',
  z.discriminatedUnion(
    'do',
    [pause, resume, run, skip, backfill, add, update, remove, reload],
    `one of ${COMMAND_NAMES.join(', ')}`,
  ),
);

/** A command that was parsed. Its instants are epoch milliseconds. */
export type Command = ShapeOf<typeof commandSchema>;
export type CommandOf<N extends CommandName> = Extract<Command, { readonly do: N }>;

type CommandJson = Immutable<z.input<typeof commandSchema>>;
type Without<T, K> = T extends unknown ? Omit<T, K & keyof T> : never;

/** A command as its sender writes it, with ISO 8601 instants; `sendCommand` adds the rest of the header. */
export type CommandRequest = Without<CommandJson, 'id' | 'at' | 'by'>;

/** The header of a command. Fields of a malformed command that cannot be read count as absent. */
export interface CommandHeader {
  readonly id: string | null;
  readonly do: CommandName | null;
  /** `null` for a command about no entry, or about several. */
  readonly entry: string | null;
  /** Epoch milliseconds. */
  readonly at: number | null;
  readonly by: string;
  readonly reason: string | null;
}

/** Commands that change which stored entries exist. */
export type StoredCommand = CommandOf<'add' | 'update' | 'remove'>;

/** Commands whose effect follows from the entry, its state and the time alone. */
export type EntryCommand = CommandOf<'pause' | 'resume' | 'run' | 'skip' | 'backfill'>;
