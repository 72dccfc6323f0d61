import { hostname, userInfo } from 'node:os';
import type { CommandRequest } from '../../entries/commands/command.ts';
import type { AuditRow, Pending } from '../../entries/commands/shapes.ts';
import { CommandRejectedError, sendCommand } from '../../client/send-command.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import type { Settings } from '../../config/settings.ts';
import { openState } from '../../drivers/open-store.ts';
import type { StateStore } from '../../contracts/store/store.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError } from '../../util/errors.ts';
import { formatIso } from '../../util/format-iso.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readInstant } from '../flags/values.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { writeError, writeLine } from '../output/write-lines.ts';

/** Flags of every subcommand that sends a command to the leader. */
export interface SendFlags extends GlobalFlags {
  readonly reason?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** How long a command waits for the leader's answer. Milliseconds. */
const WAIT = 5_000;

/** Sends commands to the leader and prints its answers. */
export interface Sender {
  readonly settings: Settings;
  /** The store that receives the commands. */
  readonly store: StateStore;
  /**
   * Returns 1 when the leader rejected the command, or has not answered it yet: a script must not go on as if it had
   * been applied. Throws a `ConfigError` for a malformed command, and sends nothing.
   */
  send(request: CommandRequest): Promise<ExitCode>;
  close(): Promise<void>;
}

export async function openSender(flags: SendFlags): Promise<Sender> {
  const settings = await readSettings(flags);
  const store = await openState(storeOptions(settings, systemClock));
  return {
    settings,
    store,
    async send(request) {
      const { reason, wait: waits = true, json = false } = flags;
      const whole = reason === undefined ? request : { ...request, reason };
      const options = { clock: systemClock, wait: waits ? WAIT : 0, by: sender() };
      try {
        const { id, row } = await sendCommand(store.commands, whole, options);
        return await print(row, id, waits, json);
      } catch (error) {
        throw error instanceof CommandRejectedError ? new ConfigError(error.message) : error;
      }
    },
    close: () => store.close(),
  };
}

/** Flags of `pause` and `skip`, beside the flags of all commands. */
export interface VerbFlags extends SendFlags {
  readonly until?: string;
  readonly dueAt?: string;
}

/** The commands that need no action of their own. */
export type Verb = 'pause' | 'resume' | 'run' | 'skip' | 'remove' | 'reload';

/** `beat pause NAME` and the other subcommands that only send the command of their name. */
export function sendVerb(verb: Verb, entry: string, flags: VerbFlags): Promise<ExitCode> {
  return send(createRequest(verb, entry, flags), flags);
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

/** Sends one command. */
export async function send(request: CommandRequest, flags: SendFlags): Promise<ExitCode> {
  const sender = await openSender(flags);
  try {
    return await sender.send(request);
  } finally {
    await sender.close();
  }
}

async function print(row: AuditRow | null, id: string, waits: boolean, json: boolean): Promise<ExitCode> {
  const waiting: Pending = { id, status: 'pending' };
  if (json) await writeLine(JSON.stringify(row ?? waiting));
  if (row) {
    if (row.status === 'applied') {
      if (!json) await writeLine(row.answer);
      return EXIT.ok;
    }
    if (!json) writeError(`beat: rejected: ${row.answer}`);
    return EXIT.failure;
  }
  if (!waits) {
    if (!json) await writeLine(`stored command ${id}`);
    return EXIT.ok;
  }
  if (!json) {
    writeError(
      `beat: no instance answered within ${WAIT / 1_000} s (is one running?); ` +
        `command ${id} is stored, and applied when an instance leads`,
    );
  }
  return EXIT.failure;
}

/** `alice@host`, for the log and the audit trail. */
function sender(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run as a user id without a name.
    return `${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}
