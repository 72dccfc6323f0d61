import type { z } from 'zod';
import { MAX_COMMAND } from '../../contracts/store/command-log.ts';
import { checkJson } from '../../util/decode/json.ts';
import { errorAt, formatDiagnostic, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { isMap } from '../../util/is-map.ts';
import { thousands } from '../../util/thousands.ts';
import { reportIssues } from '../../util/zod-issues.ts';
import {
  COMMAND_NAMES,
  commandSchema,
  entry,
  fieldsOf,
  HEADER,
  MAX_ID,
  type Command,
  type CommandHeader,
  type CommandName,
} from './command.ts';

/** A command, or why it is malformed, with the fields that can be read for the answer and the log. */
export type ParsedCommand =
  | { readonly kind: 'command'; readonly command: Command }
  | {
      readonly kind: 'malformed';
      readonly header: CommandHeader;
      readonly reason: string;
      readonly problems: readonly Diagnostic[];
    };

type JsonObject = Readonly<Record<string, unknown>>;

/** Unknown fields for which the closest known one is searched. */
const MAX_HINTS = 5;

/** Parses and validates a command; `reason` has all problems. `json` is `null` if the text is too long to be read. */
export function parseCommand(json: string | null): ParsedCommand {
  if (json === null || Buffer.byteLength(json) > MAX_COMMAND) {
    const removed = json === null ? '; removed without being read' : '';
    return malformed({}, [errorAt([], `a command of over ${thousands(MAX_COMMAND)} bytes${removed}`)]);
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return malformed({}, [errorAt([], `invalid JSON: ${(error as Error).message}`)]);
  }
  if (!isMap(value)) return malformed({}, [errorAt([], 'expected a JSON object')]);
  try {
    checkJson(json);
  } catch (error) {
    return malformed(value, [errorAt([], (error as Error).message)]);
  }
  const { data, error } = commandSchema.safeParse(value);
  if (data) return { kind: 'command', command: data };
  return malformed(value, describeProblems(error, value));
}

function describeProblems(error: z.ZodError, value: JsonObject): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  const { do: name } = value;
  reportIssues(error, value, {
    report(path, message) {
      const isName = path[0] === 'do' && typeof name === 'string';
      const hint = isName ? didYouMean(name, COMMAND_NAMES) : '';
      problems.push(errorAt(path, `${message}${hint}`));
    },
    reportUnknown(path, keys) {
      const known = fieldsOf(name as CommandName);
      for (const [i, key] of keys.slice(0, MAX_PROBLEMS).entries()) {
        problems.push(errorAt([...path, key], `unknown field${i < MAX_HINTS ? didYouMean(key, known) : ''}`));
      }
      const unlisted = keys.length - MAX_PROBLEMS;
      if (unlisted > 0) problems.push(errorAt([], `and ${thousands(unlisted)} more unknown fields`));
    },
  });
  return problems;
}

function malformed(value: JsonObject, problems: readonly Diagnostic[]): ParsedCommand {
  const { id, do: name } = value;
  const header: CommandHeader = {
    // Answers are found by id: an id that is too long is cut.
    id: read(HEADER.id, typeof id === 'string' ? id.slice(0, MAX_ID) : id),
    do: COMMAND_NAMES.find((each) => each === name) ?? null,
    entry: read(entry, value['entry']),
    at: read(HEADER.at, value['at']),
    by: read(HEADER.by, value['by']) ?? '',
    reason: read(HEADER.reason, value['reason']),
  };
  return { kind: 'malformed', header, reason: problems.map(formatDiagnostic).join('; '), problems };
}

function read<S extends z.ZodType>(schema: S, value: unknown): z.output<S> | null {
  const { success, data } = schema.safeParse(value);
  return success ? data : null;
}
