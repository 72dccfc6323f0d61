import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { BeatError, ConfigError } from '../util/errors.ts';
import { maskText } from '../util/mask.ts';
import { escapeLines } from '../util/visible.ts';
import type { CommandContext } from './command-group.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT, ExitError, type ExitCode } from './exit.ts';
import { acceptAfterCommands, addGlobalFlags, prepareFlags } from './flags/global-flags.ts';
import type { GlobalFlags } from './flags/options.ts';
import { EPILOG } from './help.ts';
import { writeErrors } from './output/write-lines.ts';
import { isDetached, notifyParent } from './service/detach.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** Runs the command line and returns the exit code. All output has been passed to stdout and stderr by then. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const detached = isDetached();
  process.stdout.on('error', reportUnwritable);
  process.stderr.on('error', () => {});
  const program = new Command('beat')
    .description('The periodic scheduler for Celery workers.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', EPILOG)
    // The flags of a command take precedence over global ones of the same letter.
    .enablePositionalOptions()
    // Error messages of commander may quote a URL with a password.
    .configureOutput({ writeErr: (text) => void process.stderr.write(escapeLines(maskText(text))) })
    .exitOverride();

  addGlobalFlags(program);
  const context: CommandContext = {
    version,
    argv,
    started: () => (detached ? notifyParent({ started: true }) : Promise.resolve()),
    run:
      (action) =>
      async (...args) => {
        const command = args.at(-1) as Command;
        const flags = prepareFlags<GlobalFlags>(command.optsWithGlobals(), detached);
        code = await action(flags as never, ...command.args);
      },
    exitWith: async (given) => {
      code = await given;
    },
  };
  for (const { register, shownFlags } of COMMANDS) {
    acceptAfterCommands(program, register(program, context), shownFlags);
  }

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const text = maskText(formatError(error));
    if (detached) await notifyParent({ error: text });
    else writeErrors(text);
    if (error instanceof ExitError) return error.code;
    return error instanceof ConfigError ? EXIT.usage : EXIT.failure;
  }
}

function formatError(error: unknown): string {
  if (error instanceof ConfigError || error instanceof ExitError) return error.message;
  if (!(error instanceof Error)) return `beat: ${String(error)}`;
  // Other errors are bugs in beat or in a configuration that is a program: the stack shows where.
  const isExpected = error instanceof BeatError || 'code' in error;
  return `beat: ${isExpected ? error.message : (error.stack ?? error.message)}`;
}

/**
 * Reports output that cannot be written (a full disk) and makes the command fail. A closed pipe, as in
 * `beat next | head`, is not a failure.
 */
function reportUnwritable(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`beat: cannot write to standard output: ${error.message}\n`);
  process.exitCode ??= EXIT.failure;
}
