import { Option, type Command } from 'commander';
import { memoize } from '../util/memoize.ts';
import type { ExitCode } from './exit.ts';

/** A subcommand: its name, arguments, flags and help. Its action is loaded when it runs. */
export interface Subcommand {
  readonly name: string;
  readonly description: string;
  readonly args?: readonly (readonly [name: string, description: string])[];
  readonly flags?: readonly Flag[];
  /** The global flags that its help shows; by default the flags of the store. */
  readonly shownFlags?: readonly string[] | 'all';
  readonly epilog?: string;
  /** Whether it runs without the name of a subcommand. */
  readonly isDefault?: boolean;
  readonly isIndependent?: boolean;
  readonly subcommands?: readonly Subcommand[];
  /** Whether it runs until a signal stops it, and `--detach` starts it in the background. */
  readonly isService?: boolean;
  /** Loads its action, which gets the values of the global flags and of its own flags, and its arguments. */
  readonly load?: () => Promise<(flags: never, ...args: string[]) => Promise<ExitCode>>;
}

export type Flag = readonly [flags: string, description: string, standard?: string] | Option;

/** Adds a subcommand to the program. `run` is called when the user chooses it. */
export function register(
  parent: Command,
  subcommand: Subcommand,
  run: (subcommand: Subcommand, command: Command) => Promise<void>,
): Command {
  const { name, description, args = [], flags = [], epilog, isDefault, subcommands } = subcommand;
  const command = parent.command(name, { isDefault: isDefault === true }).description(description);
  for (const [argument, text] of args) command.argument(argument, text);
  for (const flag of flags) {
    if (flag instanceof Option) command.addOption(flag);
    else command.option(...flag);
  }
  if (epilog !== undefined) command.addHelpText('after', epilog);
  if (isDefault) command.alias('beat').allowExcessArguments();
  if (subcommands) subcommands.forEach((each) => register(command, each, run));
  else command.action(() => run(subcommand, command));
  return command;
}

const hidden = memoize<Option>();

export const STORE_FLAGS: readonly string[] = ['--config', '--broker', '--state'];

/** Accepts global flags after a subcommand too, except for its own of that name. Its help lists those in `shown`. */
export function acceptGlobalFlags(program: Command, command: Command, shown: readonly string[] | 'all' = STORE_FLAGS) {
  for (const option of program.options) {
    const names = [option.short, option.long];
    const own = command.options.some(({ short, long }) =>
      [short, long].some((name) => name !== undefined && names.includes(name)),
    );
    if (own || option.long === '--version') continue;
    const isShown = shown === 'all' || shown.includes(option.long!);
    command.addOption(isShown ? option : hidden(option.flags, () => new Option(option.flags).hideHelp()));
  }
  if (shown !== 'all') command.addHelpText('after', '\nThe flags of beat --help are accepted here too.');
}
