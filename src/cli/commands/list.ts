import type { ListFlags } from '../actions/list.ts';
import type { CommandGroup } from '../command-group.ts';

export const listCommand: CommandGroup = {
  register: (program, { run }) => [
    program
      .command('list')
      .description('list entries: schedule, time zone, last sent, next due')
      .option(
        '--search <text>',
        'only entries whose name contains the text, in any case; in the configuration also by their task',
      )
      .option('--json', 'print JSON lines')
      .action(run(async (flags: ListFlags) => (await import('../actions/list.ts')).list(flags))),
  ],
};
