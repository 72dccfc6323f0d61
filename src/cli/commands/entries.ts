import type { Command } from 'commander';
import type { AddFlags } from '../actions/add.ts';
import type { BackfillFlags } from '../actions/backfill.ts';
import type { SendFlags } from '../actions/send.ts';
import type { CommandGroup } from '../command-group.ts';
import type { CommandRequest } from '../../entries/commands/command.ts';
import { formatIso } from '../../util/format-iso.ts';
import type { ExitCode } from '../exit.ts';
import { addDefinitionFlags, type DefinitionFlags } from '../flags/definition-flags.ts';
import { readInstant } from '../flags/instant.ts';

/** The commands that the leader applies: see `docs/commands.md`. */
export const entryCommands: CommandGroup = {
  register(program, { run }) {
    const pause = verb(
      program,
      'pause',
      'publish no scheduled run of an entry, until it is resumed',
    )
      .option('--until <instant>', 'ISO 8601 with an offset: when the pause ends by itself')
      .action(
        run(({ until, ...flags }: SendFlags & { readonly until?: string }, entry = '') =>
          send({ do: 'pause', entry, until: optionalInstant('--until', until) }, flags),
        ),
      );
    const resume = verb(
      program,
      'resume',
      'end the pause of an entry; its occurrences are not caught up',
    ).action(run((flags: SendFlags, entry = '') => send({ do: 'resume', entry }, flags)));
    const runNow = verb(
      program,
      'run',
      'publish a run of an entry now, beside its schedule',
    ).action(run((flags: SendFlags, entry = '') => send({ do: 'run', entry }, flags)));
    const skip = verb(program, 'skip', 'skip the next occurrence of an entry')
      .option('--due-at <instant>', 'ISO 8601 with an offset: another occurrence than the next')
      .action(
        run(({ dueAt, ...flags }: SendFlags & { readonly dueAt?: string }, entry = '') =>
          send({ do: 'skip', entry, dueAt: optionalInstant('--due-at', dueAt) }, flags),
        ),
      );
    const backfill = verb(
      program,
      'backfill',
      'publish a run for each occurrence of a time in the past',
    )
      .requiredOption('--from <instant>', 'ISO 8601 with an offset: the first instant')
      .requiredOption('--to <instant>', 'the end, which is not included')
      .option('-y, --yes', 'do not ask')
      .action(
        run(async (flags: BackfillFlags, entry = '') =>
          (await import('../actions/backfill.ts')).backfill(entry, flags),
        ),
      );
    const add = sending(
      program.command('add').description('create stored entries, beside the configuration'),
    )
      .argument('[entry]', 'the name of the new entry (after -- if it begins with -)')
      .option('-f, --file <path>', 'JSON lines {"name", "task", "schedule", …}; - for stdin')
      .action(
        run(async (flags: AddFlags, entry) =>
          (await import('../actions/add.ts')).add(entry, flags),
        ),
      );
    addDefinitionFlags(add);
    const update = verb(program, 'update', 'change the definition of a stored entry')
      .option('--definition <json>', 'fields of the definition as JSON; null removes one')
      .action(
        run(async (flags: DefinitionFlags, entry = '') =>
          (await import('../actions/update.ts')).update(entry, flags),
        ),
      );
    addDefinitionFlags(update);
    const remove = verb(program, 'remove', 'remove a stored entry').action(
      run((flags: SendFlags, entry = '') => send({ do: 'remove', entry }, flags)),
    );
    const reload = sending(
      program.command('reload').description('have the leader read its configuration files again'),
    ).action(run((flags: SendFlags) => send({ do: 'reload' }, flags)));
    return [pause, resume, runNow, skip, backfill, add, update, remove, reload];
  },
};

async function send(request: CommandRequest, flags: SendFlags): Promise<ExitCode> {
  return (await import('../actions/send.ts')).send(request, flags);
}

/** The instant of a flag in ISO 8601; absent without the flag. */
function optionalInstant(flag: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : formatIso(readInstant(flag, text));
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
