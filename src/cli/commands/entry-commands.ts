import type { Command } from 'commander';
import { backfill, type BackfillFlags } from './backfill.ts';
import type { ExitCode } from '../exit.ts';
import { add, type AddFlags } from './add.ts';
import { definitionFlags, type DefinitionFlags } from './definition-flags.ts';
import { send, type SendFlags } from './send.ts';
import { readInstant } from '../flags/instant.ts';
import { update } from './update.ts';

/** Runs an action with its flags, and takes its exit code. */
type Run = (
  action: (flags: never, ...names: string[]) => Promise<ExitCode>,
) => (...args: unknown[]) => Promise<void>;

/** Adds the commands that the leader applies: see `docs/commands.md`. */
export function addEntryCommands(program: Command, run: Run): void {
  verb(program, 'pause', 'publish no scheduled run of an entry, until it is resumed')
    .option('--until <instant>', 'ISO 8601 with an offset: when the pause ends by itself')
    .action(
      run(({ until, ...flags }: SendFlags & { readonly until?: string }, entry) =>
        send({ do: 'pause', entry, ...optionalInstant('until', '--until', until) }, flags),
      ),
    );
  verb(program, 'resume', 'end the pause of an entry; its occurrences are not caught up').action(
    run((flags: SendFlags, entry) => send({ do: 'resume', entry }, flags)),
  );
  verb(program, 'run', 'publish a run of an entry now, beside its schedule').action(
    run((flags: SendFlags, entry) => send({ do: 'run', entry }, flags)),
  );
  verb(program, 'skip', 'skip the next occurrence of an entry')
    .option('--due-at <instant>', 'ISO 8601 with an offset: another occurrence than the next')
    .action(
      run(({ dueAt, ...flags }: SendFlags & { readonly dueAt?: string }, entry) =>
        send({ do: 'skip', entry, ...optionalInstant('dueAt', '--due-at', dueAt) }, flags),
      ),
    );
  verb(program, 'backfill', 'publish a run for each occurrence of a time in the past')
    .requiredOption('--from <instant>', 'ISO 8601 with an offset: the first instant')
    .requiredOption('--to <instant>', 'the end, which is not included')
    .option('-y, --yes', 'do not ask')
    .action(run((flags: BackfillFlags, entry = '') => backfill(entry, flags)));
  definitionFlags(
    sending(program.command('add').description('create stored entries, beside the configuration'))
      .argument('[entry]', 'the name of the new entry (after -- if it begins with -)')
      .option('-f, --file <path>', 'JSON lines {"name", "task", "schedule", …}; - for stdin'),
  ).action(run((flags: AddFlags, entry) => add(entry, flags)));
  definitionFlags(verb(program, 'update', 'change the definition of a stored entry'))
    .option('--definition <json>', 'fields of the definition as JSON; null removes one')
    .action(run((flags: DefinitionFlags, entry = '') => update(entry, flags)));
  verb(program, 'remove', 'remove a stored entry').action(
    run((flags: SendFlags, entry) => send({ do: 'remove', entry }, flags)),
  );
  sending(
    program.command('reload').description('have the leader read its configuration files again'),
  ).action(run((flags: SendFlags) => send({ do: 'reload' }, flags)));
}

/** The field of a command with the instant of a flag; none without the flag. */
function optionalInstant(field: string, flag: string, text: string | undefined): object {
  return text === undefined ? {} : { [field]: new Date(readInstant(flag, text)).toISOString() };
}

function verb(program: Command, name: string, description: string): Command {
  return sending(
    program
      .command(name)
      .description(description)
      .argument('<entry>', 'the name of an entry (after -- if it begins with -)'),
  );
}

function sending(command: Command): Command {
  return command
    .option('--reason <text>', 'why, for the log and the audit trail')
    .option('--no-wait', 'do not wait for the answer of the leader')
    .option('--json', 'print the answer as JSON');
}
