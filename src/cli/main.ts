import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { BeatError, ConfigError } from '../util/errors.ts';
import { addStartFlags } from './flags/celery-flags.ts';
import { acceptAfterCommands, addGlobalFlags } from './flags/global-flags.ts';
import { check } from './commands/check.ts';
import { detach, isDetached, notifyParent } from './service/detach.ts';
import { EXIT, ExitError, type ExitCode } from './exit.ts';
import { addEntryCommands } from './commands/entry-commands.ts';
import { forget } from './commands/forget.ts';
import { healthcheck } from './commands/healthcheck.ts';
import { EPILOG, FORGET_EPILOG } from './help.ts';
import { addImportCommands } from './commands/import/commands.ts';
import { list } from './commands/list.ts';
import { next } from './commands/next.ts';
import type { GlobalFlags } from './flags/options.ts';
import { maskText } from '../util/mask.ts';
import { prepareFlags } from './flags/prepare-flags.ts';
import { addWorkerFlags, type WorkerFlags } from './flags/worker-flags.ts';
import { shellCommands } from './commands/shell-commands.ts';
import { start, type StartFlags } from './commands/start.ts';
import { rejectUnknownArguments } from './flags/unknown-arguments.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** Runs the command line and returns the exit code. All output has been passed to stdout and stderr by then. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const detached = isDetached();
  const started = () => (detached ? notifyParent({ started: true }) : Promise.resolve());
  const ready = <F extends GlobalFlags>(flags: F): F => prepareFlags(flags, detached);
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
    .configureOutput({ writeErr: (text) => void process.stderr.write(maskText(text)) })
    .exitOverride();

  addGlobalFlags(program);

  const starting = program
    .command('start', { isDefault: true })
    .alias('beat')
    .description('wait for the lock, then send due tasks (the default command)')
    .allowExcessArguments()
    .action(async (_flags, command: Command) => {
      rejectUnknownArguments(
        command.args,
        program.commands.map((each) => each.name()),
      );
      const flags = ready<StartFlags>(command.optsWithGlobals());
      code = flags.detach ? await detach(flags, argv) : await start(flags, { version, started });
    });
  addStartFlags(starting);
  starting.addOption(
    new Option('--with-worker', 'also run the commands of shell entries, as beat worker does') //
      .helpGroup('With --with-worker:'),
  );
  addWorkerFlags(starting, 'With --with-worker:');
  const working = program
    .command('worker')
    .description('run the commands of shell entries: see docs/shell.md')
    .action(async (_flags, command: Command) => {
      const flags = ready<GlobalFlags & WorkerFlags>(command.optsWithGlobals());
      const { work } = await import('./commands/worker.ts');
      code = flags.detach ? await detach(flags, argv) : await work(flags, { started });
    });
  addWorkerFlags(working);
  program
    .command('check')
    .description('validate the configuration and print all errors and warnings')
    .option('--json', 'print the result as JSON')
    .action(async (_flags, command: Command) => {
      code = await check(ready(command.optsWithGlobals()));
    });
  program
    .command('list')
    .description('list entries: schedule, time zone, last sent, next due')
    .option('--json', 'print JSON lines')
    .action(async (_flags, command: Command) => {
      code = await list(ready(command.optsWithGlobals()));
    });
  program
    .command('next')
    .description('print when entries will be due, computed from the configuration alone')
    .argument('[entries...]', 'names of entries (default: all enabled entries)')
    .option('-n, --count <count>', 'the number of instants per entry', '5')
    .option('--after <instant>', 'ISO 8601; print instants strictly later than this (default: now)')
    .option(
      '--timezone <zone>',
      'the time zone of the output and of --after (default: the zone of each entry)',
    )
    .option('--json', 'print JSON lines, in UTC')
    .action(async (names: string[], _flags, command: Command) => {
      code = await next(names, ready(command.optsWithGlobals()));
    });
  addImportCommands(program, async (action) => {
    code = await action();
  });
  program
    .command('shell-commands')
    .description('print the commands of shell entries as JSON, for the workers that may run them')
    .action(async (_flags, command: Command) => {
      code = await shellCommands(ready(command.optsWithGlobals()));
    });
  program
    .command('forget')
    .description('remove the state of an entry; its schedule restarts from now')
    .argument(
      '<entry>',
      'the name of a configured or recorded entry (after -- if it begins with -)',
    )
    .option('--quoted', 'the name is a JSON string, for names with control characters')
    .addHelpText('after', FORGET_EPILOG)
    .action(async (name: string, _flags, command: Command) => {
      code = await forget(name, ready(command.optsWithGlobals()));
    });
  addEntryCommands(program, (action) => async (...args) => {
    const command = args.at(-1) as Command;
    code = await action(ready(command.optsWithGlobals()), ...command.args);
  });
  program
    .command('healthcheck')
    .description('exit 0 if every local instance is healthy')
    .option('--liveness', 'blocked entries, which a restart does not repair, are only warnings')
    .action(async ({ liveness = false }: { liveness?: boolean }) => {
      code = await healthcheck(liveness);
    });

  acceptAfterCommands(program);

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const text = maskText(formatError(error));
    if (detached) await notifyParent({ error: text });
    else process.stderr.write(`${text}\n`);
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
