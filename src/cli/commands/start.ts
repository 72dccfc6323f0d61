import { Option } from 'commander';
import type { StartFlags } from '../actions/start.ts';
import type { CommandGroup } from '../command-group.ts';
import { addStartFlags } from '../flags/celery-flags.ts';
import { rejectUnknownArguments } from '../flags/global-flags.ts';
import { addWorkerFlags } from '../flags/worker-flags.ts';

export const startCommand: CommandGroup = {
  shownFlags: 'all',
  register(program, { version, argv, started, run }) {
    const command = program
      .command('start', { isDefault: true })
      .alias('beat')
      .description('wait for the lock, then send due tasks (the default command)')
      .allowExcessArguments()
      .action(
        run(async (flags: StartFlags, ...args) => {
          rejectUnknownArguments(
            args,
            program.commands.map((each) => each.name()),
          );
          if (flags.detach) return (await import('../service/detach.ts')).detach(flags, argv);
          const { start } = await import('../actions/start.ts');
          return start(flags, { version, started });
        }),
      );
    addStartFlags(command);
    command.addOption(
      new Option('--with-worker', 'also run the commands of shell entries, as beat worker does') //
        .helpGroup('With --with-worker:'),
    );
    addWorkerFlags(command, 'With --with-worker:');
    return [command];
  },
};
