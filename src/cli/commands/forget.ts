import { Option } from 'commander';
import type { ForgetFlags } from '../actions/forget.ts';
import type { CommandGroup } from '../command-group.ts';

const EPILOG = `
An entry whose state cannot be read is not scheduled; the log and \`beat healthcheck\` name it. Runs that are
due but not yet sent are dropped; a run in the outbox is still sent. Instances can keep running: the leader
begins a new term and discards the decisions of the old one.

With --history, --audit or --outbox the state stays: lists and warnings print the whole command beside a
record that cannot be read. Records that can be read are never removed.`;

export const forgetCommand: CommandGroup = {
  register: (program, { run }) => [
    program
      .command('forget')
      .description('remove the state of an entry; its schedule restarts from now')
      .argument(
        '<entry>',
        'the name of a configured or recorded entry (after -- if it begins with -)',
      )
      .addOption(
        new Option('--history', 'remove unreadable rows of its history, not its state').conflicts([
          'audit',
          'outbox',
        ]),
      )
      .addOption(
        new Option('--audit', 'remove the unreadable audit row of this command id').conflicts(
          'outbox',
        ),
      )
      .option('--outbox', 'remove the unreadable message of this id from the outbox')
      .option('--quoted', 'the name is a JSON string, for names with control characters')
      .addHelpText('after', EPILOG)
      .action(
        run(async (flags: ForgetFlags, name = '') =>
          (await import('../actions/forget.ts')).forget(name, flags),
        ),
      ),
  ],
};
