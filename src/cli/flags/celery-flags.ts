import { Option, type Command } from 'commander';

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
