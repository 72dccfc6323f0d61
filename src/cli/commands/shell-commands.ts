import type { CommandGroup } from '../command-group.ts';
import type { GlobalFlags } from '../flags/options.ts';

export const shellCommandsCommand: CommandGroup = {
  shownFlags: ['--config'],
  register: (program, { run }) => [
    program
      .command('shell-commands')
      .description('print the commands of shell entries as JSON, for the workers that may run them')
      .action(
        run(async (flags: GlobalFlags) =>
          (await import('../actions/shell-commands.ts')).shellCommands(flags),
        ),
      ),
  ],
};
