import { Command, CommanderError } from 'commander';
import { BeatError, ConfigError } from '../util/errors.ts';
import { maskText } from '../util/mask.ts';
import { VERSION } from '../util/version.ts';
import { escapeLines } from '../util/visible.ts';
import { EXIT, ExitError, type ExitCode } from './exit.ts';
import { addGlobalFlags, prepareFlags, rejectUnknownArguments } from './flags/global-flags.ts';
import type { GlobalFlags } from './flags/options.ts';
import { writeErrors } from './output/lines.ts';
import { isDetached, notifyParent } from './service/detach.ts';
import { runFast } from './service/engine.ts';
import { acceptGlobalFlags, register } from './subcommand.ts';
import { createSubcommands } from './subcommands.ts';

const EPILOG = `
Examples:
  $ beat                                        run schedules/ or beat.config.*, on an embedded SQLite file
  $ beat -c beat.yaml -b redis://localhost:6379/0
  $ beat check -c schedules/                    validate the configuration, for example in CI
  $ beat next nightly-report -n 5               print its next five runs
  $ beat pause nightly-report --reason migration   no runs until beat resume nightly-report
  $ beat run nightly-report                     publish a run now
  $ beat reload                                 read the configuration files again; or kill -HUP, or --watch
  $ beat forget nightly-report                  remove its damaged state and restart its schedule
  $ beat --detach --pidfile /run/beat.pid -f /var/log/beat.log

Flags are accepted before and after the subcommand. In scripts for Celery, replace the word \`celery\` with
\`beat\` and leave the rest: \`beat -A proj beat -l info\` is valid.

Environment (flags override it; NAME_FILE is the path of a file that contains the value):
  BEAT_CONFIG, BEAT_BROKER_URL, BEAT_STATE_URL, BEAT_LOG_LEVEL,
  BEAT_HTTP, BEAT_HTTP_READ_TOKEN, BEAT_HTTP_CHANGE_TOKEN,
  BEAT_MAX_CONFIG_SIZE (the size limit of a configuration file, default 64MiB)
  and Celery's CELERY_BROKER_WRITE_URL, BROKER_URL, CELERY_BROKER_URL, RESULT_BACKEND, CELERY_RESULT_BACKEND

Exit codes: 0 success, 1 failure, 2 wrong usage or configuration, 73 pidfile in use`;

/** Runs the command line and returns the exit code. All output has been passed to stdout and stderr by then. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const detached = isDetached();
  process.stdout.on('error', reportUnwritable);
  process.stderr.on('error', () => {});
  const program = new Command('beat')
    .description('The periodic scheduler for Celery workers.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', EPILOG)
    // The flags of a subcommand take precedence over global ones of the same letter.
    .enablePositionalOptions()
    // Error messages of commander may quote a URL with a password.
    .configureOutput({ writeErr: (text) => void process.stderr.write(escapeLines(maskText(text))) })
    .exitOverride();

  addGlobalFlags(program);
  const subcommands = createSubcommands(() => (detached ? notifyParent({ started: true }) : Promise.resolve()));
  for (const subcommand of subcommands) {
    const command = register(program, subcommand, async ({ load, isDefault, isIndependent, isService }, chosen) => {
      const flags = isIndependent ? chosen.opts() : prepareFlags<GlobalFlags>(chosen.optsWithGlobals(), detached);
      if (isDefault) {
        const names = subcommands.map(({ name }) => name);
        rejectUnknownArguments(chosen.args, names);
      }
      if (isService && flags.detach) {
        code = await (await import('./service/detach.ts')).detach(flags, argv);
        return;
      }
      const action = await load!();
      if (!isService) runFast();
      code = await action(flags as never, ...chosen.args);
    });
    acceptGlobalFlags(program, command, subcommand.shownFlags);
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

/** Makes the subcommand fail if its output cannot be written (a full disk). A closed pipe is not a failure. */
function reportUnwritable(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`beat: cannot write to standard output: ${error.message}\n`);
  process.exitCode ??= EXIT.failure;
}
