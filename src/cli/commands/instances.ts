import type { InstancesFlags } from '../actions/instances.ts';
import type { CommandGroup } from '../command-group.ts';

export const instancesCommand: CommandGroup = {
  register: (program, { run }) => [
    program
      .command('instances')
      .description('list the running instances: host, role, term, clock skew, version')
      .option('--json', 'print JSON lines')
      .action(
        run(async (flags: InstancesFlags) =>
          (await import('../actions/instances.ts')).instances(flags),
        ),
      ),
  ],
};
