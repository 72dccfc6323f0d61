import type { DiffFlags } from '../actions/diff.ts';
import type { CommandGroup } from '../command-group.ts';

export const diffCommand: CommandGroup = {
  shownFlags: [],
  register: (program, { run }) => [
    program
      .command('diff')
      .description('compare two configurations: entries, and when they are due')
      .argument('<old>', 'a configuration file, or a folder of them')
      .argument('<new>', 'the same')
      .option('--hours <hours>', 'how far ahead to compare when entries are due', '24')
      .option('--json', 'print one JSON object, with instants in UTC')
      .addHelpText(
        'after',
        '\nExit codes as of diff: 0 for no differences, 1 for some, 2 for an error.',
      )
      .action(
        run(async (flags: DiffFlags, before, after) =>
          (await import('../actions/diff.ts')).diff(before, after, flags),
        ),
      ),
  ],
};
