import type { NextFlags } from '../actions/next.ts';
import type { CommandGroup } from '../command-group.ts';

export const nextCommand: CommandGroup = {
  shownFlags: ['--config'],
  register: (program, { run }) => [
    program
      .command('next')
      .description('print when entries will be due, computed from the configuration alone')
      .argument('[entries...]', 'names of entries (default: all enabled entries)')
      .option('-n, --count <count>', 'the number of instants per entry', '5')
      .option(
        '--after <instant>',
        'ISO 8601; print instants strictly later than this (default: now)',
      )
      .option(
        '--timezone <zone>',
        'the time zone of the output and of --after (default: the zone of each entry)',
      )
      .option('--json', 'print JSON lines, in UTC')
      .action(
        run(async (flags: NextFlags, ...names) =>
          (await import('../actions/next.ts')).next(names, flags),
        ),
      ),
  ],
};
