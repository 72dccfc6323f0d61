import { Option, type Command } from 'commander';
import { addCeleryFlags } from './celery-flags.ts';

const STORES = ['--config', '--broker', '--state'];

/** The global flags that the help of a command shows. Others show those of `STORES`. */
const SHOWN: Readonly<Record<string, readonly string[] | 'all'>> = {
  start: 'all',
  worker: [
    ...['--config', '--broker', '--result-backend', '--loglevel', '--log-format'],
    ...['--detach', '--logfile', '--pidfile', '--uid', '--gid', '--umask', '--workdir'],
  ],
  check: [...STORES, '--result-backend'],
  next: ['--config'],
  'shell-commands': ['--config'],
  healthcheck: [],
  import: [],
};

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
 * Lets global flags follow a command too, unless the command has a flag of that name. Its help shows those that
 * matter to it.
 */
export function acceptAfterCommands(program: Command): void {
  for (const command of program.commands) {
    const shown = SHOWN[command.name()] ?? STORES;
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
