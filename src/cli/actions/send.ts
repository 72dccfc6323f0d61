import { hostname, userInfo } from 'node:os';
import type { CommandRequest } from '../../entries/commands/command.ts';
import type { Pending } from '../../entries/commands/shapes.ts';
import { CommandRejectedError, sendCommand } from '../../client/send-command.ts';
import type { StateStore } from '../../contracts/store/store.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError } from '../../util/errors.ts';
import { formatIso } from '../../util/format-iso.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readInstant, readSettings, type JsonFlags } from '../flags/options.ts';
import { writeError, writeJson, writeLine } from '../output/lines.ts';
import { withStore } from './with-store.ts';

export interface SendFlags extends JsonFlags {
  readonly reason?: string;
  readonly wait?: boolean;
}

/** How long a command waits for the leader's answer. Milliseconds. */
const WAIT = 5_000;

/** Flags of `pause` and `skip`, beside the flags of all commands. */
interface VerbFlags extends SendFlags {
  readonly until?: string;
  readonly dueAt?: string;
}

/** The commands that need no action of their own. */
export type Verb = 'pause' | 'resume' | 'run' | 'skip' | 'remove' | 'reload';

/** `beat pause NAME` and the other subcommands that only send the command of their name. */
export function verb(name: Verb) {
  return async (flags: VerbFlags, entry = ''): Promise<ExitCode> =>
    withStore(await readSettings(flags), (store) => send(store, createRequest(name, entry, flags), flags));
}

function createRequest(verb: Verb, entry: string, { until, dueAt }: VerbFlags): CommandRequest {
  if (verb === 'reload') return { do: verb };
  if (verb === 'pause') return { do: verb, entry, until: toIso('--until', until) };
  if (verb === 'skip') return { do: verb, entry, dueAt: toIso('--due-at', dueAt) };
  return { do: verb, entry };
}

function toIso(flag: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : formatIso(readInstant(flag, text));
}

/**
 * Sends a command to the leader and prints its answer. Returns 1 when the leader rejected the command, or has not
 * answered it yet: a script must not go on as if it had been applied. Throws a `ConfigError` for a malformed command,
 * and sends nothing.
 */
export async function send({ commands }: StateStore, request: CommandRequest, flags: SendFlags): Promise<ExitCode> {
  const { reason, wait: waits = true, json } = flags;
  const options = { clock: systemClock, wait: waits ? WAIT : 0, by: formatSender() };
  const { id, row } = await sendCommand(commands, { ...request, reason }, options).catch((error: unknown) => {
    throw error instanceof CommandRejectedError ? new ConfigError(error.message) : error;
  });
  if (json) await writeJson(row ?? ({ id, status: 'pending' } satisfies Pending));
  else if (row?.status === 'applied') await writeLine(row.answer);
  else if (row) writeError(`beat: rejected: ${row.answer}`);
  else if (!waits) await writeLine(`stored command ${id}`);
  else {
    writeError(
      `beat: no instance answered within ${WAIT / 1_000} s (is one running?); ` +
        `command ${id} is stored, and applied when an instance leads`,
    );
  }
  return row?.status === 'applied' || (!row && !waits) ? EXIT.ok : EXIT.failure;
}

/** `alice@host`, for the log and the audit trail. */
function formatSender(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run as a user id without a name.
    return `${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}
