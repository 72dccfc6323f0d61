import { Option, type Command } from 'commander';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { maskText } from '../../util/mask.ts';
import { formatNodeName, expandPlaceholders } from './placeholders.ts';

/**
 * The flags of `celery beat`, and of `celery` before the word `beat`, which scripts and units use. Flags
 * that beat ignores are accepted; `celery-notes.ts` explains why.
 */
export interface CeleryFlags {
  readonly pidfile?: string;
  readonly logfile?: string;
  readonly detach?: boolean;
  readonly uid?: string;
  readonly gid?: string;
  readonly umask?: string;
  readonly workdir?: string;
  readonly hostname?: string;
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly app?: string;
  readonly loader?: string;
  readonly resultBackend?: string;
  readonly schedule?: string;
  readonly scheduler?: string;
  readonly maxInterval?: string;
  readonly executable?: string;
  readonly skipChecks?: boolean;
  readonly enableRemoteControl?: boolean;
}

const DAEMON: readonly (readonly [string, string])[] = [
  ['--detach', 'run in the background; returns when beat runs, or with its error'],
  ['-f, --logfile <path>', 'append the log to a file; %h, %d, %n, %p: host and node name'],
  ['--pidfile <path>', 'write the process id to a file; fail if its process runs already'],
  ['--uid <user>', 'run as this user, a name or a number (root only)'],
  ['--gid <group>', "run as this group (default: the user's group)"],
  ['--umask <mask>', 'the umask for new files; octal with a leading zero, as in 027'],
  ['--workdir <path>', 'change to this directory before reading any file'],
  ['-q, --quiet', 'do not print the banner'],
];

const IGNORED: readonly (readonly [string, string])[] = [
  ['-A, --app <app>', 'ignored: beat does not load Python apps'],
  ['-s, --schedule <path>', 'ignored: the ledger records what was sent, see --state'],
  ['-S, --scheduler <class>', "ignored for Celery's own schedulers; others are rejected"],
  ['--max-interval <seconds>', 'ignored: beat sleeps until an entry is due'],
  ['--loader <loader>', 'ignored: beat does not load Python apps'],
  ['--executable <path>', 'ignored: beat runs on Node'],
  ['--skip-checks', "ignored: beat does not run Django's checks"],
  ['-C, --no-color', 'ignored: output is never coloured'],
];

/** Only for `start`: other commands use `-n` for something else. */
const START_ONLY: readonly (readonly [string, string])[] = [
  [
    '-n, --hostname <node>',
    'the node name: for `celery inspect ping`, and %n, %h, %d and %p in -f and --pidfile',
  ],
  ['--enable-remote-control', 'answer `celery inspect ping` as the node of -n'],
  ['--no-enable-remote-control', 'do not answer; both override beat_enable_remote_control'],
];

/** Adds the flags to the program, so that each is accepted before and after the command. */
export function addCeleryFlags(program: Command): void {
  for (const [flags, description] of DAEMON) {
    program.addOption(new Option(flags, description).helpGroup('As a service:'));
  }
  for (const [flags, description] of IGNORED) program.addOption(createOption(flags, description));
}

export function addStartFlags(start: Command): void {
  start.option('--watch', 'reload the configuration when one of its files changes');
  start.option(
    '--http <address>',
    'serve dashboard, API and metrics on [HOST:]PORT; see docs/http.md',
  );
  for (const [flags, description] of START_ONLY) start.addOption(createOption(flags, description));
}

function createOption(flags: string, description: string): Option {
  return new Option(flags, description).helpGroup('Accepted for compatibility with `celery beat`:');
}

/** Celery's own schedulers, which remember what they sent, as beat does. */
const ACCEPTED_SCHEDULERS = /^celery\.beat[.:](Persistent)?Scheduler$/;

const MOVE_ENTRIES = 'move them to beatSchedule in the configuration, and omit -S';

/**
 * Checks the values of Celery's flags before any of them has an effect. Throws one `ConfigError` with all
 * errors.
 */
export function checkCeleryFlags(flags: CeleryFlags): void {
  const errors: Diagnostic[] = [];
  const collect = (check: () => unknown) => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      errors.push(...error.errors);
    }
  };
  const { umask, maxInterval, scheduler, logfile, pidfile, hostname, detach } = flags;
  if (umask !== undefined) collect(() => parseUmask(umask));
  if (maxInterval !== undefined) collect(() => checkMaxInterval(maxInterval));
  if (scheduler !== undefined) collect(() => checkScheduler(scheduler));
  if (logfile !== undefined) collect(() => expandPlaceholders('--logfile', logfile, hostname));
  if (pidfile !== undefined) collect(() => expandPlaceholders('--pidfile', pidfile, hostname));
  if (hostname !== undefined) collect(() => formatNodeName(hostname, 'localhost'));
  if (detach && process.pid === 1) {
    const message =
      '--detach: not possible for the first process of a container, because the container ends with it; omit --detach';
    errors.push(errorAt([], message));
  }
  if (errors.length > 0) throw new ConfigError(errors);
}

function checkMaxInterval(text: string): void {
  if (/^\d+$/.test(text)) return;
  throw new ConfigError(`--max-interval: expected a whole number of seconds, got "${text}"`);
}

function checkScheduler(name: string): void {
  if (ACCEPTED_SCHEDULERS.test(name)) return;
  if (/django/i.test(name)) {
    throw new ConfigError(
      `--scheduler ${name}: beat does not read entries from Django's database; ${MOVE_ENTRIES}`,
    );
  }
  if (/redbeat/i.test(name)) {
    throw new ConfigError(
      `--scheduler ${name}: beat does not read RedBeat's entries from Redis; ${MOVE_ENTRIES} ` +
        "(beat always uses a lock, so RedBeat's is not needed)",
    );
  }
  throw new ConfigError(
    `--scheduler ${name}: beat cannot run a scheduler written in Python; move its entries to ` +
      'beatSchedule in the configuration, and omit -S',
  );
}

/** A message about an accepted flag of Celery's that has no effect, or another effect than it seems. */
interface FlagNote {
  readonly flag: string;
  readonly message: string;
  /** Whether the user may expect an effect that does not happen. */
  readonly isWarning?: boolean;
}

/** Explains each flag of Celery's that beat ignores or that is easily misread. */
export function collectFlagNotes(flags: CeleryFlags): FlagNote[] {
  const { app, loader, schedule, scheduler, maxInterval, executable, umask } = flags;
  const notes: FlagNote[] = [];
  const ignore = (flag: string, why: string) => {
    // A URL that was meant for another flag may contain a password.
    const shown = maskText(flag);
    notes.push({ flag: shown, message: `${shown} is ignored: ${why}`, isWarning: false });
  };
  if (app !== undefined) ignore(`--app ${app}`, 'beat does not load Python apps');
  if (loader !== undefined) ignore(`--loader ${loader}`, 'beat does not load Python apps');
  if (schedule !== undefined) {
    ignore(`--schedule ${schedule}`, 'the ledger records what was sent; --state selects its store');
  }
  if (scheduler !== undefined) {
    ignore(`--scheduler ${scheduler}`, 'beat has one scheduler, which always records what it sent');
  }
  if (maxInterval !== undefined) {
    ignore(`--max-interval ${maxInterval}`, 'beat wakes exactly when an entry is due');
  }
  if (executable !== undefined) ignore(`--executable ${executable}`, 'beat runs on Node');
  if (flags.skipChecks) ignore('--skip-checks', "beat does not run Django's checks");
  if (umask !== undefined && looksOctal(umask)) {
    const mask = formatUmask(parseUmask(umask));
    const message = `--umask ${umask} is a decimal number, as in Celery, and means ${mask}; for octal, write 0${umask}`;
    notes.push({ flag: `--umask ${umask}`, message, isWarning: true });
  }
  return notes;
}

/** Whether it has two or three octal digits without a leading zero: 22, 27, 77, 777. */
function looksOctal(umask: string): boolean {
  return /^[1-7][0-7]{1,2}$/.test(umask);
}

/**
 * Parses `--umask` as Celery does: octal with a leading zero, else decimal. Throws a `ConfigError` for
 * anything else and for numbers above 0777.
 */
export function parseUmask(text: string): number {
  const octal = /^0(?:o?[0-7]+)?$/i.test(text);
  const mask = octal ? parseInt(text.replace(/^0o/i, ''), 8) : Number(text);
  if ((octal || /^[1-9]\d*$/.test(text)) && mask <= 0o777) return mask;
  throw new ConfigError(
    `--umask: expected an octal number from 000 to 0777, such as 027, got "${text}"`,
  );
}

/** Formats a umask as `027`. */
export function formatUmask(mask: number): string {
  return `0${mask.toString(8).padStart(2, '0')}`;
}
