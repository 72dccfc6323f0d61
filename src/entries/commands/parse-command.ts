import { INSTANT_FORMS, parseInstant } from '../../celery/message/parse-instant.ts';
import { MAX_COMMAND } from '../../contracts/store/command-log.ts';
import { checkJson } from '../../util/decode/json.ts';
import { errorAt, formatDiagnostic, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { thousands } from '../../util/thousands.ts';
import { MAX_ENTRIES, type AddCommand, type Command, type CommandHeader } from './command.ts';

/** A command, or why it cannot be applied and what can be read of it, for the answer to its sender and the log. */
export type ParsedCommand =
  | { readonly kind: 'command'; readonly command: Command }
  | {
      readonly kind: 'malformed';
      readonly header: CommandHeader;
      /** All problems in one text. */
      readonly reason: string;
      readonly problems: readonly Diagnostic[];
    };

type Json = Readonly<Record<string, unknown>>;

/** Returns the value as a command holds it, or throws with what is allowed. */
type Field = (value: unknown) => unknown;

/** Longest text of a field, in UTF-16 units: a command is a note to the leader, not a place for data. */
const MAX_TEXT = 1_000;
const MAX_ID = 100;
const MAX_NAME = 10_000;
/** Unknown fields for which the closest known one is searched. */
const MAX_HINTS = 5;

const FIELDS: Readonly<Record<string, Field>> = {
  id: text(MAX_ID),
  at: instant,
  by: text(MAX_TEXT),
  reason: text(MAX_TEXT),
  entry: text(MAX_NAME),
  until: instant,
  dueAt: instant,
  from: instant,
  to: instant,
  definition,
  entries: (value) => {
    const count = isObject(value) ? Object.keys(value).length : 0;
    if (!isObject(value) || count === 0 || count > MAX_ENTRIES) {
      throw new Error(`an object of 1 to ${thousands(MAX_ENTRIES)} definitions by entry name`);
    }
    for (const [name, each] of Object.entries(value)) {
      FIELDS['entry']!(name);
      definition(each);
    }
    return value;
  },
};

/** Fields that each command may have besides `id`, `at`, `by`, `do` and `reason`; `?` marks an optional one. */
const SHAPES: Readonly<Record<Command['do'], readonly string[]>> = {
  pause: ['entry', 'until?'],
  resume: ['entry'],
  run: ['entry'],
  skip: ['entry', 'dueAt?'],
  backfill: ['entry', 'from', 'to'],
  add: ['entry?', 'definition?', 'entries?'],
  update: ['entry', 'definition'],
  remove: ['entry'],
  reload: [],
};

const COMMON = ['id', 'at?', 'by?', 'reason?'];

/**
 * Parses the JSON text of a command, and validates it: all problems are in one reason. `null` is a text that is too long
 * to be read.
 */
export function parseCommand(json: string | null): ParsedCommand {
  if (json === null || Buffer.byteLength(json) > MAX_COMMAND) {
    const removed = json === null ? '; removed without being read' : '';
    return malformed(
      {},
      errorAt([], `a command of over ${thousands(MAX_COMMAND)} bytes${removed}`),
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return malformed({}, errorAt([], `invalid JSON: ${(error as Error).message}`));
  }
  if (!isObject(value)) return malformed({}, errorAt([], 'expected a JSON object'));
  try {
    checkJson(json);
  } catch (error) {
    return malformed(value, errorAt([], (error as Error).message));
  }
  return validate(value);
}

function validate(value: Json): ParsedCommand {
  const name = value['do'];
  if (typeof name !== 'string' || !Object.hasOwn(SHAPES, name)) {
    const allowed = Object.keys(SHAPES);
    const hint = typeof name === 'string' ? didYouMean(name, allowed) : '';
    const problem = `expected one of ${allowed.join(', ')}, got ${show(name)}${hint}`;
    return malformed(value, errorAt(['do'], problem));
  }
  const shape = [...COMMON, ...SHAPES[name as Command['do']]];
  const problems: Diagnostic[] = [];
  const command: Record<string, unknown> = { do: name };
  for (const key of shape) {
    const field = key.replace('?', '');
    const given = value[field] ?? null;
    if (given === null) {
      if (key === field) problems.push(errorAt([field], 'missing'));
      else command[field] = field === 'by' ? '' : null;
      continue;
    }
    try {
      command[field] = FIELDS[field]!(given);
    } catch (error) {
      const problem = `expected ${(error as Error).message}, got ${show(given)}`;
      problems.push(errorAt([field], problem));
    }
  }
  const known = ['do', ...shape.map((key) => key.replace('?', ''))];
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  for (const [i, key] of unknown.slice(0, MAX_PROBLEMS).entries()) {
    const hint = i < MAX_HINTS ? didYouMean(key, known) : '';
    problems.push(errorAt([], `unknown field ${show(key)}${hint}`));
  }
  const unlisted = unknown.length - MAX_PROBLEMS;
  if (unlisted > 0) problems.push(errorAt([], `and ${thousands(unlisted)} more unknown fields`));
  if (name === 'add') {
    const several = command['entries'] !== null;
    const one = command['entry'] !== null && command['definition'] !== null;
    const any = command['entry'] !== null || command['definition'] !== null;
    if (several ? any : !one)
      problems.push(errorAt([], 'expected either entry and definition, or entries'));
  }
  if (problems.length > 0) return malformed(value, ...problems);
  if (name === 'add') return { kind: 'command', command: toAdd(command) };
  return { kind: 'command', command: command as unknown as Command };
}

/** One entry and several have one form from here on. */
function toAdd({ definition, entries, ...command }: Record<string, unknown>): AddCommand {
  const definitions = entries ?? { [command['entry'] as string]: definition };
  return { ...command, definitions } as unknown as AddCommand;
}

function malformed(value: Json, ...problems: readonly Diagnostic[]): ParsedCommand {
  const read = (field: Field, given: unknown): unknown => {
    try {
      return field(given);
    } catch {
      return null;
    }
  };
  const { id, do: name } = value;
  const header = {
    // Answers are found by the id: one that is too long is cut.
    id: read(text(MAX_ID), typeof id === 'string' ? id.slice(0, MAX_ID) : id),
    do: typeof name === 'string' && Object.hasOwn(SHAPES, name) ? name : null,
    entry: read(FIELDS['entry']!, value['entry']),
    at: read(instant, value['at']),
    by: read(FIELDS['by']!, value['by']) ?? '',
    reason: read(FIELDS['reason']!, value['reason']),
  };
  const reason = problems.map(formatDiagnostic).join('; ');
  return { kind: 'malformed', header: header as CommandHeader, reason, problems };
}

function text(longest: number): Field {
  return (value) => {
    if (typeof value === 'string' && value !== '' && value.length <= longest) {
      if (value.isWellFormed() && !value.includes('\0')) return value;
    }
    throw new Error(
      `a text of 1 to ${thousands(longest)} characters without NUL or lone surrogates`,
    );
  };
}

function definition(value: unknown): Json {
  if (isObject(value)) return value;
  throw new Error('an object, in the notation of beatSchedule');
}

function instant(value: unknown): number {
  // Without an offset an instant would depend on the zone of the reader.
  const zoned = typeof value === 'string' && /(?:Z|[+-]\d\d:?\d\d)$/i.test(value);
  const at = zoned ? parseInstant(value, 'UTC') : null;
  if (at === null) throw new Error(INSTANT_FORMS);
  return at;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For an error message: JSON, cut at 80 characters. */
function show(value: unknown): string {
  const json = value === undefined ? 'nothing' : JSON.stringify(value);
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
