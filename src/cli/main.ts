import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { check } from './check.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { healthcheck } from './healthcheck.ts';
import { list } from './list.ts';
import { next } from './next.ts';
import { start } from './start.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

const EPILOG = `
Examples:
  $ beat                                        schedules/ or beat.config.*, on an embedded SQLite file
  $ beat -c beat.yaml -b redis://localhost:6379/0
  $ beat check -c schedules/                    is the configuration right? (for CI)
  $ beat next nightly-report -n 5               when will it run?

Environment (a flag wins; each may be given as NAME_FILE, the path of a file that holds the value):
  BEAT_CONFIG, BEAT_BROKER_URL (or CELERY_BROKER_URL), BEAT_STATE_URL, BEAT_LOG_LEVEL

Exit codes: 0 done, 1 failure, 2 wrong usage or configuration`;

/** Runs the command line. Answers the exit code; everything it has to say is on stdout and stderr by then. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', allowClosedPipe);
  const program = new Command('beat')
    .description('The periodic scheduler for Celery workers.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .option('-c, --config <path>', 'a config file, or a folder of them')
    .option('-b, --broker <url>', 'the broker; wins over brokerUrl of the config')
    .option('--state <url>', 'where lock and ledger are, if not in the broker; wins over stateUrl')
    .option('-l, --loglevel <level>', 'debug, info, warning, error or critical (default: info)')
    .option('--log-format <format>', 'json or text (default: text on a terminal, else json)')
    .addHelpText('after', EPILOG)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();

  program
    .command('start', { isDefault: true })
    .description('schedule: wait for the lock, then send what is due (the default command)')
    .allowExcessArguments()
    .action(async (_flags, command: Command) => {
      refuseWords(command.args, program);
      code = await start(command.optsWithGlobals(), version);
    });
  program
    .command('check')
    .description('read the configuration and tell everything that is wrong with it')
    .option('--json', 'print the errors as JSON')
    .action(async (_flags, command: Command) => {
      code = await check(command.optsWithGlobals());
    });
  program
    .command('list')
    .description('list the entries: schedule, time zone, last sent, next due')
    .option('--json', 'print JSON lines')
    .action(async (_flags, command: Command) => {
      code = await list(command.optsWithGlobals());
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
      code = await next(names, command.optsWithGlobals());
    });
  program
    .command('healthcheck')
    .description('tell by the exit code whether the instances running here get anywhere')
    .action(async () => {
      code = await healthcheck();
    });

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      return EXIT.usage;
    }
    process.stderr.write(`beat: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failure;
  }
}

/** A word that is no command comes to the default one, as if it were an argument of it. */
function refuseWords([word]: readonly string[], program: Command): void {
  if (word === undefined) return;
  const commands = program.commands.map((command) => command.name());
  const hint = didYouMean(word, commands) || `; allowed: ${commands.join(', ')}`;
  throw new ConfigError(`unknown command "${word}"${hint}`);
}

/** Whoever reads may have seen enough, as in `beat next | head`. A service goes on without its readers. */
function allowClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
