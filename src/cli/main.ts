import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { BeatError, ConfigError } from '../util/errors.ts';
import { addCeleryFlags, addStartFlags } from './flags/celery-flags.ts';
import { check } from './commands/check.ts';
import { detach, isDetached, tell } from './service/detach.ts';
import { EXIT, ExitError, type ExitCode } from './exit.ts';
import { forget } from './commands/forget.ts';
import { healthcheck } from './commands/healthcheck.ts';
import { EPILOG, FORGET_EPILOG } from './help.ts';
import { list } from './commands/list.ts';
import { next } from './commands/next.ts';
import type { GlobalFlags } from './flags/options.ts';
import { maskText } from '../util/mask.ts';
import { readyFlags } from './flags/prepare-flags.ts';
import { start } from './commands/start.ts';
import { refuseWords } from './flags/unknown-arguments.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** Runs the command line. Answers the exit code; everything it has to say is on stdout and stderr by then. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const detached = isDetached();
  const ready = <F extends GlobalFlags>(flags: F): F => readyFlags(flags, detached);
  process.stdout.on('error', reportUnwritable);
  process.stderr.on('error', () => {});
  const program = new Command('beat')
    .description('The periodic scheduler for Celery workers.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .option('-c, --config <path>', 'a config file, or a folder of them')
    .option('-b, --broker <url>', 'the broker; wins over brokerUrl of the config')
    .option('--state <url>', 'where lock and ledger are, if not in the broker; wins over stateUrl')
    .option('--result-backend <url>', 'where workers keep results; wins over resultBackend')
    .option('-l, --loglevel <level>', 'debug, info, warning, error or critical (default: info)')
    .option('--log-format <format>', 'json or text (default: text on a terminal, else json)')
    .addHelpText('after', EPILOG)
    .configureHelp({ showGlobalOptions: true })
    // What commander complains of may be a URL in the wrong place.
    .configureOutput({ writeErr: (text) => void process.stderr.write(maskText(text)) })
    .exitOverride();

  addCeleryFlags(program);

  const starting = program
    .command('start', { isDefault: true })
    .alias('beat')
    .description('schedule: wait for the lock, then send what is due (the default command)')
    .allowExcessArguments()
    .action(async (_flags, command: Command) => {
      refuseWords(command.args, program.commands.map(nameOf));
      const flags = ready<GlobalFlags>(command.optsWithGlobals());
      const started = () => (detached ? tell({ started: true }) : Promise.resolve());
      code = flags.detach ? await detach(flags, argv) : await start(flags, { version, started });
    });
  addStartFlags(starting);
  program
    .command('check')
    .description('read the configuration and tell everything that is wrong with it')
    .option('--json', 'print the errors as JSON')
    .action(async (_flags, command: Command) => {
      code = await check(ready(command.optsWithGlobals()));
    });
  program
    .command('list')
    .description('list the entries: schedule, time zone, last sent, next due')
    .option('--json', 'print JSON lines')
    .action(async (_flags, command: Command) => {
      code = await list(ready(command.optsWithGlobals()));
    });
  program
    .command('next')
    .description('tell when entries will be due, by the configuration alone')
    .argument('[entries...]', 'names of entries; all of them when left out')
    .option('-n, --count <count>', 'how many instants of each entry', '5')
    .option('--after <instant>', 'ISO 8601; instants strictly later than this (default: now)')
    .option(
      '--timezone <zone>',
      'the zone to print in, and to read --after in (default: of each entry)',
    )
    .option('--json', 'print JSON lines, in UTC')
    .action(async (names: string[], _flags, command: Command) => {
      code = await next(names, ready(command.optsWithGlobals()));
    });
  program
    .command('forget')
    .description("remove what is recorded of an entry's runs: its schedule then counts from now")
    .argument(
      '<entry>',
      'the name of an entry, configured or recorded (after -- if it begins with -)',
    )
    .option('--quoted', 'the name is written as a JSON string, for names that no shell can pass on')
    .addHelpText('after', FORGET_EPILOG)
    .action(async (name: string, _flags, command: Command) => {
      code = await forget(name, ready(command.optsWithGlobals()));
    });
  program
    .command('healthcheck')
    .description('exit with 0 if every instance here makes progress and holds up no entry')
    .action(async () => {
      code = await healthcheck();
    });

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const text = maskText(textOf(error));
    if (detached) await tell({ error: text });
    else process.stderr.write(`${text}\n`);
    if (error instanceof ExitError) return error.code;
    return error instanceof ConfigError ? EXIT.usage : EXIT.failure;
  }
}

function nameOf(command: Command): string {
  return command.name();
}

function textOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof ExitError) return error.message;
  if (!(error instanceof Error)) return `beat: ${String(error)}`;
  // What is neither of beat's own making nor of the system's is a mistake in the program, or in a
  // configuration that is one: its place is all there is to go by.
  const foreseen = error instanceof BeatError || 'code' in error;
  return `beat: ${foreseen ? error.message : (error.stack ?? error.message)}`;
}

/**
 * A reader that has seen enough, as in `beat next | head`, is no failure. Any other output that is lost
 * (a full disk) is, after everything else was done.
 */
function reportUnwritable(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`beat: cannot write to standard output: ${error.message}\n`);
  process.exitCode ??= EXIT.failure;
}
