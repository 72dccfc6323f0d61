import type { CommandGroup } from '../command-group.ts';
import type { GlobalFlags } from '../flags/options.ts';
import { addWorkerFlags, type WorkerFlags } from '../flags/worker-flags.ts';

export const workerCommand: CommandGroup = {
  shownFlags: [
    ...['--config', '--broker', '--result-backend', '--loglevel', '--log-format'],
    ...['--detach', '--logfile', '--pidfile', '--uid', '--gid', '--umask', '--workdir'],
  ],
  register(program, { argv, started, run }) {
    const command = program
      .command('worker')
      .description('run the commands of shell entries: see docs/shell.md')
      .action(
        run(async (flags: GlobalFlags & WorkerFlags) => {
          if (flags.detach) return (await import('../service/detach.ts')).detach(flags, argv);
          return (await import('../actions/worker.ts')).work(flags, { started });
        }),
      );
    addWorkerFlags(command);
    return [command];
  },
};
