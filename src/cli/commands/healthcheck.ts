import type { HealthcheckFlags } from '../actions/healthcheck.ts';
import type { CommandGroup } from '../command-group.ts';

export const healthcheckCommand: CommandGroup = {
  shownFlags: [],
  register: (program, { exitWith }) => [
    program
      .command('healthcheck')
      .description('exit 0 if every local instance is healthy')
      .option('--liveness', 'blocked entries, which a restart does not repair, are only warnings')
      .action(async (flags: HealthcheckFlags) => {
        const { healthcheck } = await import('../actions/healthcheck.ts');
        await exitWith(healthcheck(flags));
      }),
  ],
};
