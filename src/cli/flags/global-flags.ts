import { Option, type Command } from 'commander';
import { STORE_FLAGS } from '../command-group.ts';
import { addCeleryFlags } from './celery-flags.ts';

/** Adds the flags that every command accepts. */
export function addGlobalFlags(program: Command): void {
  program
    .option('-c, --config <path>', 'a configuration file, or a folder of them')
    .option('-b, --broker <url>', 'the broker; overrides brokerUrl')
    .option('--state <url>', 'the store of lock and ledger, if not the broker; overrides stateUrl')
    .option('--result-backend <url>', "the workers' result backend; overrides resultBackend")
    .option('-l, --loglevel <level>', 'debug, info, warning, error or critical (default: info)')
    .option('--log-format <format>', 'json or text (default: text on a terminal, else json)');
  addCeleryFlags(program);
}

/**
 * Lets global flags follow commands too, unless a command has a flag of that name. Their help shows those in `shown`.
 */
export function acceptAfterCommands(
  program: Command,
  commands: readonly Command[],
  shown: readonly string[] | 'all' = STORE_FLAGS,
): void {
  for (const command of commands) {
    for (const option of program.options) {
      const names = [option.short, option.long];
      const own = command.options.some(({ short, long }) =>
        [short, long].some((name) => name !== undefined && names.includes(name)),
      );
      if (own || option.long === '--version') continue;
      const isShown = shown === 'all' || shown.includes(option.long!);
      command.addOption(isShown ? option : new Option(option.flags).hideHelp());
    }
    if (shown !== 'all')
      command.addHelpText('after', '\nThe flags of beat --help are accepted here too.');
  }
}
