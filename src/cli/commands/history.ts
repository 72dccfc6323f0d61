import type { AuditFlags } from '../actions/audit.ts';
import type { HistoryFlags } from '../actions/history.ts';
import type { WhyFlags } from '../actions/why.ts';
import type { CommandGroup } from '../command-group.ts';

/** The commands that read the history: see `docs/history.md`. */
export const historyCommands: CommandGroup = {
  register: (program, { run }) => [
    program
      .command('history')
      .description('print the runs and skipped occurrences of an entry, newest first')
      .argument('<entry>', 'the name of an entry')
      .option('--failed', 'only runs whose task failed, was revoked or lost its result')
      .option('-n, --limit <count>', 'the number of runs and skipped stretches', '20')
      .option('--json', 'print JSON lines, in UTC')
      .action(
        run(async (flags: HistoryFlags, name) =>
          (await import('../actions/history.ts')).history(name, flags),
        ),
      ),
    program
      .command('why')
      .description('explain why an entry was or was not due at an instant, and what became of it')
      .argument('<entry>', 'the name of an entry')
      .option('--at <instant>', 'ISO 8601 with an offset (default: now)')
      .option('--json', 'print JSON')
      .action(
        run(async (flags: WhyFlags, name) => (await import('../actions/why.ts')).why(name, flags)),
      ),
    program
      .command('audit')
      .description(
        'list every occurrence of a period with what became of it; exit 1 if one is missing',
      )
      .argument('[entries...]', 'names of entries (default: all)')
      .requiredOption('--from <instant>', 'ISO 8601 with an offset, inclusive')
      .requiredOption('--to <instant>', 'ISO 8601 with an offset, exclusive')
      .option(
        '--problems',
        'list only occurrences that are not accounted for or were published twice',
      )
      .option('--json', 'print JSON lines, in UTC')
      .action(
        run(async (flags: AuditFlags, ...names) =>
          (await import('../actions/audit.ts')).audit(names, flags),
        ),
      ),
  ],
};
