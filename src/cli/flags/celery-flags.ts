import { Option, type Command } from 'commander';

/**
 * The flags of `celery beat`, and of `celery` before the word `beat`, that scripts and units have. What
 * those mean that beat has no use for stands in `celery-notes.ts`.
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
  ['--detach', 'run in the background: returns once it runs, or with what is wrong'],
  ['-f, --logfile <path>', 'append the log to a file; %h, %d, %n and %p stand for host and node'],
  ['--pidfile <path>', 'write the process id there; refuse to start while it is of one that runs'],
  ['--uid <user>', 'become this user, a name or a number (root only)'],
  ['--gid <group>', 'become this group (default: that of the user)'],
  ['--umask <mask>', 'for files that are created; octal with a zero before it, as in 027'],
  ['--workdir <path>', 'go there before anything is read'],
  ['-q, --quiet', 'no banner'],
];

/** Described by what they mean to Celery: whoever reads this has them already. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ['-A, --app <app>', 'a Python app: not read'],
  ['-s, --schedule <path>', 'a file of what was sent: the ledger has it, see --state'],
  ['-S, --scheduler <class>', "a scheduler: Celery's own are accepted, others are not known here"],
  ['--max-interval <seconds>', 'the longest sleep: beat sleeps until something is due'],
  ['--loader <loader>', 'a loader of Python apps: not needed'],
  ['--executable <path>', 'another Python: beat runs on Node'],
  ['--skip-checks', "none of Django's checks: none are run"],
  ['-C, --no-color', 'no colours: there are none'],
];

/** After the word `beat` alone: `-n` has another meaning for another command. */
const OF_START: readonly (readonly [string, string])[] = [
  ['-n, --hostname <node>', 'a node name: what %n, %h, %d and %p of -f and --pidfile stand for'],
  ['--enable-remote-control', 'answers to `celery inspect ping`: see `beat healthcheck`'],
  ['--no-enable-remote-control', 'no such answers: none are given'],
];

/** Celery takes some before its command and some after it. Here each may stand anywhere. */
export function addCeleryFlags(program: Command): void {
  for (const [flags, description] of DAEMON) {
    program.addOption(new Option(flags, description).helpGroup('As a service:'));
  }
  for (const [flags, description] of ACCEPTED) program.addOption(accepted(flags, description));
}

export function addStartFlags(start: Command): void {
  for (const [flags, description] of OF_START) start.addOption(accepted(flags, description));
}

function accepted(flags: string, description: string): Option {
  return new Option(flags, description).helpGroup('Of `celery beat`, and not needed here:');
}
