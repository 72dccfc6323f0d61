import { Option } from 'commander';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { configErrors, ConfigError } from '../../util/errors.ts';
import { maskText } from '../../util/mask.ts';
import type { Flag } from '../subcommand.ts';
import { formatNodeName, expandPlaceholders, type PathFlags } from './placeholders.ts';

/** The flags of `celery beat`, and of `celery` before the word `beat`, which scripts and units use. */
export interface CeleryFlags extends PathFlags {
  readonly detach?: boolean;
  readonly uid?: string;
  readonly gid?: string;
  readonly umask?: string;
  readonly workdir?: string;
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

const inGroup = (group: string) => (option: Option) => option.helpGroup(group);

const SERVICE: readonly Option[] = [
  new Option('--detach', 'run in the background; returns when beat runs, or with its error'),
  new Option('-f, --logfile <path>', 'append the log to a file; %h, %d, %n, %p: host and node name'),
  new Option('--pidfile <path>', 'write the process id to a file; fail if its process runs already'),
  new Option('--uid <user>', 'run as this user, a name or a number (root only)'),
  new Option('--gid <group>', "run as this group (default: the user's group)"),
  new Option('--umask <mask>', 'the umask for new files; octal with a leading zero, as in 027'),
  new Option('--workdir <path>', 'change to this directory before reading any file'),
  new Option('-q, --quiet', 'do not print the banner'),
].map(inGroup('As a service:'));

const inCeleryGroup = inGroup('Accepted for compatibility with `celery beat`:');

/** Flags without an effect, and why. */
const IGNORED: readonly (readonly [flags: string, why: string, description?: string])[] = [
  ['-A, --app <app>', 'beat does not load Python apps'],
  ['--loader <loader>', 'beat does not load Python apps'],
  ['-s, --schedule <path>', 'the ledger records what was sent; --state selects its store'],
  [
    '-S, --scheduler <class>',
    'beat has one scheduler, which always records what it sent',
    "ignored for Celery's own schedulers; others are rejected",
  ],
  ['--max-interval <seconds>', 'beat wakes exactly when an entry is due'],
  ['--executable <path>', 'beat runs on Node'],
  ['--skip-checks', "beat does not run Django's checks"],
  ['-C, --no-color', 'output is never coloured'],
];

const IGNORED_OPTIONS = IGNORED.map(([flags, why, description = `ignored: ${why}`]) => ({
  option: inCeleryGroup(new Option(flags, description)),
  why,
}));

export const CELERY_OPTIONS: readonly Option[] = [...SERVICE, ...IGNORED_OPTIONS.map(({ option }) => option)];

/** Flags of `start` alone: other subcommands use `-n` for something else. */
export const START_FLAGS: readonly Flag[] = [
  ['--watch', 'reload the configuration when one of its files changes'],
  ['--http <address>', 'serve dashboard, API and metrics on [HOST:]PORT; see docs/http.md'],
  ...[
    new Option(
      '-n, --hostname <node>',
      'the node name: for `celery inspect ping`, and %n, %h, %d and %p in -f and --pidfile',
    ),
    new Option('--enable-remote-control', 'answer `celery inspect ping` as the node of -n'),
    new Option('--no-enable-remote-control', 'do not answer; both override beat_enable_remote_control'),
  ].map(inCeleryGroup),
];

/** Celery's own schedulers, which remember what they sent, as beat does. */
const ACCEPTED_SCHEDULERS = /^celery\.beat[.:](Persistent)?Scheduler$/;

const MOVE_ENTRIES = 'move them to beatSchedule in the configuration, and omit -S';

/** Checks the values of Celery's flags before any of them has an effect. Throws one `ConfigError` with all errors. */
export function checkCeleryFlags(flags: CeleryFlags): void {
  const errors: Diagnostic[] = [];
  const collect = (check: () => unknown) => errors.push(...configErrors(check));
  const { umask, maxInterval, scheduler, logfile, pidfile, hostname, detach } = flags;
  if (umask !== undefined) collect(() => parseUmask(umask));
  if (maxInterval !== undefined && !/^\d+$/.test(maxInterval)) {
    errors.push(errorAt([], `--max-interval: expected a whole number of seconds, got "${maxInterval}"`));
  }
  if (scheduler !== undefined && !ACCEPTED_SCHEDULERS.test(scheduler)) {
    errors.push(errorAt([], `--scheduler ${scheduler}: ${explainScheduler(scheduler)}`));
  }
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

function explainScheduler(name: string): string {
  if (/django/i.test(name)) return `beat does not read entries from Django's database; ${MOVE_ENTRIES}`;
  if (/redbeat/i.test(name)) {
    return `beat does not read RedBeat's entries from Redis; ${MOVE_ENTRIES} (beat always uses a lock, so RedBeat's is not needed)`;
  }
  return 'beat cannot run a scheduler written in Python; move its entries to beatSchedule in the configuration, and omit -S';
}

/** A message about an accepted Celery flag that has no effect or an unexpected one. */
export interface FlagNote {
  readonly flag: string;
  readonly message: string;
  /** Whether the user may expect an effect that does not happen. */
  readonly isWarning: boolean;
}

/** Explains each flag of Celery's that beat ignores or that is easily misread. */
export function collectFlagNotes(flags: CeleryFlags): FlagNote[] {
  const given = flags as Readonly<Record<string, unknown>>;
  const notes = IGNORED_OPTIONS.flatMap(({ option, why }): FlagNote[] => {
    const value = given[option.attributeName()];
    if (option.negate || value === undefined) return [];
    // A URL that was meant for another flag may contain a password.
    const flag = maskText(typeof value === 'string' ? `${option.long} ${value}` : option.long!);
    return [{ flag, message: `${flag} is ignored: ${why}`, isWarning: false }];
  });
  const { umask } = flags;
  // Two or three octal digits without a leading zero: 22, 27, 77, 777.
  if (umask !== undefined && /^[1-7][0-7]{1,2}$/.test(umask)) {
    const mask = formatUmask(parseUmask(umask));
    const message = `--umask ${umask} is a decimal number, as in Celery, and means ${mask}; for octal, write 0${umask}`;
    notes.push({ flag: `--umask ${umask}`, message, isWarning: true });
  }
  return notes;
}

/** Parses `--umask` as Celery does: octal with a leading zero, else decimal; at most 0777. Throws a `ConfigError`. */
export function parseUmask(text: string): number {
  const octal = /^0(?:o?[0-7]+)?$/i.test(text);
  const mask = octal ? parseInt(text.replace(/^0o/i, ''), 8) : Number(text);
  if ((octal || /^[1-9]\d*$/.test(text)) && mask <= 0o777) return mask;
  throw new ConfigError(`--umask: expected an octal number from 000 to 0777, such as 027, got "${text}"`);
}

/** Formats a umask as `027`. */
export function formatUmask(mask: number): string {
  return `0${mask.toString(8).padStart(2, '0')}`;
}
