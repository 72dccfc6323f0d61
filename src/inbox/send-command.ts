import type { CommandLog } from '../store/command-log.ts';
import type { Clock } from '../util/clock.ts';
import { BeatError } from '../util/errors.ts';
import { decodeAudit, type AuditRow } from '../commands/audit.ts';
import { parseCommand } from '../commands/parse-command.ts';

/** Between two looks for the answer. Milliseconds. */
const POLL_INTERVAL = 25;

/** A command as JSON: see `docs/commands.md`. */
export type CommandJson = { readonly id: string } & Readonly<Record<string, unknown>>;

/** The command was rejected, by the leader or before it was stored. The message says why. */
export class CommandRejectedError extends BeatError {
  override name = 'CommandRejectedError';
}

/**
 * Appends a command to the log and waits for the leader's answer, for at most `wait` milliseconds. Resolves with
 * `null` when there is none by then: the command stays in the log until an instance leads. Throws a
 * `CommandRejectedError` for a malformed command, and stores nothing: a leader could only reject it.
 */
export async function sendCommand(
  log: CommandLog,
  command: CommandJson,
  { clock, wait }: { readonly clock: Clock; readonly wait: number },
): Promise<AuditRow | null> {
  const json = JSON.stringify(command);
  const parsed = parseCommand(json);
  if (parsed.kind === 'malformed') throw new CommandRejectedError(parsed.reason);
  await log.append(json);
  const never = new AbortController().signal;
  const deadline = clock.monotonic() + wait;
  for (;;) {
    if (wait === 0) return null;
    const row = (await log.findAudit([command.id])).get(command.id);
    if (row !== undefined) return decodeAudit(row);
    const left = deadline - clock.monotonic();
    if (left <= 0) return null;
    await clock.sleep(Math.min(POLL_INTERVAL, left), never);
  }
}
