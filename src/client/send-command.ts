import type { CommandLog } from '../contracts/store/command-log.ts';
import type { Clock } from '../util/clock.ts';
import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { BeatError } from '../util/errors.ts';
import { decodeAnswer } from '../entries/commands/audit.ts';
import type { AuditRow } from '../entries/commands/shapes.ts';
import type { Command } from '../entries/commands/command.ts';
import { parseCommand } from '../entries/commands/parse-command.ts';

/** Between two looks for the answer. Milliseconds. */
const POLL_INTERVAL = 25;

/** A command as JSON: see `docs/commands.md`. */
export type CommandJson = { readonly id: string } & Readonly<Record<string, unknown>>;

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

/**
 * Appends a command to the log and waits for the leader's answer, for at most `wait` milliseconds. Resolves with
 * `null` when there is none by then: the command stays in the log until an instance leads. Throws a
 * `CommandRejectedError` for a malformed command, and stores nothing: a leader could only reject it. Throws one too for
 * the id of another command, whose answer would be mistaken for one to this.
 */
export async function sendCommand(
  log: CommandLog,
  command: CommandJson,
  { clock, wait }: { readonly clock: Clock; readonly wait: number },
): Promise<AuditRow | null> {
  const json = JSON.stringify(command);
  const parsed = parseCommand(json);
  if (parsed.kind === 'malformed') throw new CommandRejectedError(parsed.reason, parsed.problems);
  await log.append(json);
  const never = new AbortController().signal;
  const deadline = clock.monotonic() + wait;
  for (;;) {
    if (wait === 0) return null;
    const text = (await log.findAudit([command.id])).get(command.id);
    const row = text === undefined ? null : decodeAnswer({ id: command.id, json: text });
    if (row) checkAnswers(row, parsed.command);
    if (text !== undefined) return row;
    const left = deadline - clock.monotonic();
    if (left <= 0) return null;
    await clock.sleep(Math.min(POLL_INTERVAL, left), never);
  }
}

function checkAnswers(row: AuditRow, command: Command): void {
  const entry = 'entry' in command ? command.entry : null;
  if (row.do === command.do && row.entry === entry) return;
  const other = [row.do ?? 'malformed', row.entry ?? ''].join(' ').trim();
  throw new CommandRejectedError(
    `id: ${JSON.stringify(command.id)} is the id of another command: ${other}`,
  );
}
