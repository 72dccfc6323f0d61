import type { CheckFlags } from '../actions/check.ts';
import { STORE_FLAGS, type CommandGroup } from '../command-group.ts';

export const checkCommand: CommandGroup = {
  shownFlags: [...STORE_FLAGS, '--result-backend'],
  register: (program, { run }) => [
    program
      .command('check')
      .description('validate the configuration and print all errors and warnings')
      .option('--json', 'print the result as JSON')
      .action(run(async (flags: CheckFlags) => (await import('../actions/check.ts')).check(flags))),
  ],
};
