import { randomUUID } from 'node:crypto';
import type { CommandLog } from '../contracts/store/command-log.ts';
import type { StoredEntries } from '../contracts/store/stored-entries.ts';
import { type Definition, type Definitions, parseDefinition } from '../entries/catalog/definition.ts';
import { decodeAnswer } from '../entries/commands/audit.ts';
import type { Command, CommandRequest } from '../entries/commands/command.ts';
import { parseCommand } from '../entries/commands/parse-command.ts';
import type { AuditRow } from '../entries/commands/shapes.ts';
import type { Clock } from '../util/clock.ts';
import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { BeatError } from '../util/errors.ts';
import { formatIso } from '../util/format-iso.ts';

/** How often the answer is looked up. Milliseconds. */
const POLL_INTERVAL = 25;

/** The command was rejected, by the leader or before it was stored. The message says why. */
export class CommandRejectedError extends BeatError {
  override name = 'CommandRejectedError';
  /** The reasons one by one. */
  readonly problems: readonly Diagnostic[];

  constructor(reason: string, problems: readonly Diagnostic[] = [errorAt([], reason)]) {
    super(reason);
    this.problems = problems;
  }
}

export interface SendOptions {
  readonly clock: Clock;
  /** How long to wait for the answer of the leader, milliseconds. */
  readonly wait: number;
  readonly by: string;
  /** A random id unless given. */
  readonly id?: string;
}

export interface SentCommand {
  readonly id: string;
  /** The answer of the leader; `null` if there is none yet. The command then stays in the log until an instance leads. */
  readonly row: AuditRow | null;
}

/**
 * Appends a command to the log and waits for the leader's answer. Throws a `CommandRejectedError` for a malformed
 * command, and stores nothing: a leader could only reject it. It also throws this error if another command has the same
 * id, because the answer to that command would be mistaken for the answer to this one.
 */
export async function sendCommand(
  log: CommandLog,
  request: CommandRequest,
  { clock, wait, by, id = randomUUID() }: SendOptions,
): Promise<SentCommand> {
  const json = JSON.stringify({ at: formatIso(clock.now()), ...request, id, by });
  const parsed = parseCommand(json);
  if (parsed.kind === 'malformed') throw new CommandRejectedError(parsed.reason, parsed.problems);
  await log.append(json);
  const never = new AbortController().signal;
  const deadline = clock.monotonic() + wait;
  for (;;) {
    if (wait === 0) return { id, row: null };
    const text = (await log.findAudit([id])).get(id);
    const row = text === undefined ? null : decodeAnswer({ id, json: text });
    if (row) checkAnswers(row, parsed.command);
    const left = deadline - clock.monotonic();
    if (text !== undefined || left <= 0) return { id, row };
    await clock.sleep(Math.min(POLL_INTERVAL, left), never);
  }
}

function checkAnswers(row: AuditRow, command: Command): void {
  const entry = 'entry' in command ? command.entry : null;
  if (row.do === command.do && row.entry === entry) return;
  const other = [row.do ?? 'malformed', row.entry ?? ''].join(' ').trim();
  throw new CommandRejectedError(`id: ${JSON.stringify(command.id)} is the id of another command: ${other}`);
}

/**
 * Validates the definition that results from an update, as the leader will. Throws a `ConfigError` with every problem.
 * An entry that does not exist or cannot be read passes: the leader rejects it.
 */
export async function checkUpdate(
  stored: StoredEntries,
  definitions: Definitions,
  entry: string,
  fields: Definition,
): Promise<void> {
  const [row] = await stored.find([entry]);
  const before = row && parseDefinition(row.definition);
  if (before) definitions.read(entry, definitions.update(before, fields));
}
