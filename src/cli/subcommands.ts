import { Option } from 'commander';
import type { Verb } from './actions/send.ts';
import { START_FLAGS } from './flags/celery-flags.ts';
import { DEFINITION_FLAGS } from './flags/definition-flags.ts';
import { workerFlags } from './flags/worker-flags.ts';
import { STORE_FLAGS, type Flag, type Subcommand } from './subcommand.ts';

const required = (flags: string, description: string) => new Option(flags, description).makeOptionMandatory();

const ENTRY = ['<entry>', 'the name of an entry'] as const;
const ENTRY_AFTER_DASHES = ['<entry>', `${ENTRY[1]} (after -- if it begins with -)`] as const;
const JSON_LINES = ['--json', 'print JSON lines, in UTC'] as const;

const SENDER_FLAGS: readonly Flag[] = [
  ['--reason <text>', 'why, for the log and the audit trail'],
  ['--no-wait', 'do not wait for the answer of the leader'],
  ['--json', 'print the answer as JSON'],
];

function sending(name: string, description: string, ...flags: readonly Flag[]): Subcommand {
  return { name, description, flags: [...SENDER_FLAGS, ...flags], args: [ENTRY_AFTER_DASHES] };
}

/** A subcommand that only sends the command of its name. */
function verb(name: Verb, description: string, ...flags: readonly Flag[]): Subcommand {
  return { ...sending(name, description, ...flags), load: async () => (await import('./actions/send.ts')).verb(name) };
}

const IMPORT_FLAGS: readonly Flag[] = [
  ['-o, --output <path>', 'the file to write (default: standard output)'],
  ['--format <format>', 'yaml, json or ts (default: the format of the file, or yaml)'],
  ['--partial', 'exit with 0 although something was left out'],
  ['--compare <count>', 'print the next instants of each entry by its source and by beat'],
  ['--prefix <text>', 'put a text before the names of all entries'],
  ['--force', 'overwrite the file, and allow names that other files have'],
];

/** Flags of the imports that run the Python of a project. */
const APP_FLAGS: readonly Flag[] = [
  ['-A, --app <module>', 'the app, as celery -A takes it'],
  ['--python <path>', 'the Python of the project (default: of $VIRTUAL_ENV, else python3)'],
  ['--timeout <seconds>', 'how long the project may take to load (default: 60)'],
  ['--workdir <path>', 'the folder from which Python imports (default: this one)'],
];

const LAST_RUNS = ['--last-runs', 'count from the last runs'] as const;

const IMPORTS: readonly Subcommand[] = [
  {
    name: 'crontab',
    description: 'import crontab(5) or anacrontab(5): see docs/moving/from-crontab.md',
    args: [['[file]', 'a crontab, an anacrontab, a folder such as /etc/cron.d, or - for stdin']],
    flags: [
      ...IMPORT_FLAGS,
      ['--user <name>', 'the user that runs the jobs (default: the user of the worker)'],
      ['--system', 'lines name a user; without a file: /etc/crontab and /etc/cron.d'],
      ['--cron <name>', 'which cron ran it: debian (also Ubuntu), or cronie (Fedora, RHEL …)'],
      ['--last-runs', 'count from the last runs of anacron; cron stores none'],
      ['--spool <folder>', "anacron's timestamps", '/var/spool/anacron'],
    ],
    load: async () => (await import('./actions/import/crontab.ts')).importCrontab,
  },
  {
    name: 'celery',
    description: 'import a Celery app with its own Python: see docs/moving/from-celery-beat.md',
    flags: [
      ...IMPORT_FLAGS,
      ...APP_FLAGS,
      ['--exported <file>', 'an export of celery_beat.export instead of an app; - for stdin'],
      ['-S, --scheduler <class>', 'the scheduler to ask for entries (default: beat_scheduler)'],
      ['--last-runs [file]', 'count from the last runs in celerybeat-schedule or the database'],
    ],
    load: async () => (await import('./actions/import/celery.ts')).importCelery,
  },
  {
    name: 'redbeat',
    description: 'import the entries of RedBeat: see docs/moving/from-redbeat.md',
    args: [['[url]', "instead of -A: RedBeat's Redis, redis://, rediss://, redis+socket:// or sentinel://"]],
    flags: [
      ...IMPORT_FLAGS,
      ...APP_FLAGS,
      ['--key-prefix <text>', 'redbeat_key_prefix (default: redbeat:)'],
      ['--timezone <zone>', 'the zone of the Celery app (default: the zone of the last runs)'],
      ['--master-name <name>', 'the name of the master, as sentinels know it'],
      LAST_RUNS,
    ],
    load: async () => (await import('./actions/import/redbeat.ts')).importFromRedBeat,
  },
  {
    name: 'django',
    description: 'import the tasks of django-celery-beat: see docs/moving/from-django-celery-beat.md',
    args: [['[url]', 'instead of -A: postgresql://…, mysql://…, or the path of an SQLite file']],
    flags: [...IMPORT_FLAGS, ...APP_FLAGS, ['--timezone <zone>', 'TIME_ZONE (default: UTC)'], LAST_RUNS],
    load: async () => (await import('./actions/import/django.ts')).importFromDjango,
  },
  {
    name: 'kubernetes',
    description: 'import CronJobs as shell entries: see docs/moving/from-kubernetes-cronjob.md',
    args: [['<files...>', 'manifests as kubectl get cronjob -o yaml writes them, or - for stdin']],
    flags: [
      ...IMPORT_FLAGS,
      ['--timezone <zone>', 'the zone of the cluster, for jobs without timeZone', 'UTC'],
      ['--last-runs', 'count from lastScheduleTime'],
    ],
    load: async () => (await import('./actions/import/kubernetes.ts')).importKubernetes,
  },
];

const FORGET_EPILOG = `
An entry whose state cannot be read is not scheduled; the log and \`beat healthcheck\` name it. Runs that are
due but not yet sent are dropped; a run in the outbox is still sent. Instances can keep running: the leader
begins a new term and discards the decisions of the old one.

With --history, --audit or --outbox the state stays: lists and warnings print the whole command line beside a
record that cannot be read. Records that can be read are never removed.`;

const RECORD_FLAGS: readonly Option[] = [
  new Option('--history', 'remove unreadable rows of its history, not its state'),
  new Option('--audit', 'remove the unreadable audit row of this command id'),
  new Option('--outbox', 'remove the unreadable message of this id from the outbox'),
];
for (const option of RECORD_FLAGS)
  option.conflicts(RECORD_FLAGS.filter((each) => each !== option).map((each) => each.name()));

const WORKER_GROUP = 'With --with-worker:';

/** All subcommands, in the order of the help. A service calls `started` when its configuration and stores are open. */
export function createSubcommands(started: () => Promise<void>): readonly Subcommand[] {
  return [
    {
      name: 'start',
      description: 'wait for the lock, then send due tasks (the default)',
      isDefault: true,
      isService: true,
      shownFlags: 'all',
      flags: [
        ...START_FLAGS,
        new Option('--with-worker', 'also run the jobs of shell entries, as beat worker does').helpGroup(WORKER_GROUP),
        ...workerFlags().map((option) => option.helpGroup(WORKER_GROUP)),
      ],
      load: async () => (await import('./actions/start.ts')).start(started),
    },
    {
      name: 'worker',
      description: 'run the jobs of shell entries: see docs/shell.md',
      isService: true,
      shownFlags: [
        ...['--config', '--broker', '--result-backend', '--loglevel', '--log-format'],
        ...['--detach', '--logfile', '--pidfile', '--uid', '--gid', '--umask', '--workdir'],
      ],
      flags: workerFlags(),
      load: async () => (await import('./actions/worker.ts')).work(started),
    },
    {
      name: 'check',
      description: 'validate the configuration and print all errors and warnings',
      shownFlags: [...STORE_FLAGS, '--result-backend'],
      flags: [['--json', 'print the result as JSON']],
      load: async () => (await import('./actions/check.ts')).check,
    },
    {
      name: 'list',
      description: 'list entries: schedule, time zone, last sent, next due',
      flags: [
        [
          '--search <text>',
          'only entries whose name contains the text, in any case; in the configuration also by their task',
        ],
        ['--json', 'print JSON lines'],
      ],
      load: async () => (await import('./actions/list.ts')).list,
    },
    {
      name: 'instances',
      description: 'list the running instances: host, role, term, clock skew, version',
      flags: [['--json', 'print JSON lines']],
      load: async () => (await import('./actions/instances.ts')).instances,
    },
    {
      name: 'next',
      description: 'print when entries will be due, computed from the configuration alone',
      shownFlags: ['--config'],
      args: [['[entries...]', 'names of entries (default: all enabled entries)']],
      flags: [
        ['-n, --count <count>', 'the number of instants per entry', '5'],
        ['--after <instant>', 'ISO 8601; print instants strictly later than this (default: now)'],
        ['--timezone <zone>', 'the time zone of the output and of --after (default: the zone of each entry)'],
        JSON_LINES,
      ],
      load: async () => (await import('./actions/next.ts')).next,
    },
    {
      name: 'history',
      description: 'print the runs and skipped occurrences of an entry, newest first',
      args: [ENTRY],
      flags: [
        ['--failed', 'only runs whose task failed, was revoked or lost its result'],
        ['-n, --limit <count>', 'the number of runs and skipped stretches', '20'],
        JSON_LINES,
      ],
      load: async () => (await import('./actions/history.ts')).history,
    },
    {
      name: 'why',
      description: 'explain why an entry was or was not due at an instant, and what became of it',
      args: [ENTRY],
      flags: [
        ['--at <instant>', 'ISO 8601 with an offset (default: now)'],
        ['--json', 'print JSON'],
      ],
      load: async () => (await import('./actions/why.ts')).why,
    },
    {
      name: 'audit',
      description: 'list every occurrence of a period with what became of it; exit 1 if one is missing',
      args: [['[entries...]', 'names of entries (default: all)']],
      flags: [
        required('--from <instant>', 'ISO 8601 with an offset, inclusive'),
        required('--to <instant>', 'ISO 8601 with an offset, exclusive'),
        ['--problems', 'list only occurrences that are not accounted for or were published twice'],
        JSON_LINES,
      ],
      load: async () => (await import('./actions/audit.ts')).audit,
    },
    {
      name: 'diff',
      description: 'compare two configurations: entries, and when they are due',
      shownFlags: [],
      args: [
        ['<old>', 'a configuration file, or a folder of them'],
        ['<new>', 'the same'],
      ],
      flags: [
        ['--hours <hours>', 'how far ahead to compare when entries are due', '24'],
        ['--json', 'print one JSON object, with instants in UTC'],
      ],
      epilog: '\nExit codes as of diff: 0 for no differences, 1 for some, 2 for an error.',
      load: async () => (await import('./actions/diff.ts')).diff,
    },
    {
      name: 'import',
      description: 'write a schedule file from the schedules of another scheduler',
      shownFlags: [],
      subcommands: IMPORTS.map((each) => ({ ...each, isIndependent: true })),
    },
    {
      name: 'shell-commands',
      description: 'print the shell commands of entries as JSON, for the workers that may run them',
      shownFlags: ['--config'],
      load: async () => (await import('./actions/shell-commands.ts')).shellCommands,
    },
    {
      name: 'forget',
      description: 'remove the state of an entry; its schedule restarts from now',
      args: [['<entry>', 'the name of a configured or recorded entry (after -- if it begins with -)']],
      flags: [...RECORD_FLAGS, ['--quoted', 'the name is a JSON string, for names with control characters']],
      epilog: FORGET_EPILOG,
      load: async () => (await import('./actions/forget.ts')).forget,
    },
    // The subcommands that send a command to the leader: see docs/commands.md.
    verb(
      'pause',
      'publish no scheduled run of an entry, until it is resumed',
      ['--until <instant>', 'ISO 8601 with an offset: when the pause ends by itself'], //
    ),
    verb('resume', 'end the pause of an entry; its occurrences are not caught up'),
    verb('run', 'publish a run of an entry now, beside its schedule'),
    verb(
      'skip',
      'skip the next occurrence of an entry',
      ['--due-at <instant>', 'ISO 8601 with an offset: another occurrence than the next'], //
    ),
    {
      ...sending(
        'backfill',
        'publish a run for each occurrence of a time in the past',
        required('--from <instant>', 'ISO 8601 with an offset: the first instant'),
        required('--to <instant>', 'the end, which is not included'),
        ['-y, --yes', 'do not ask'],
      ),
      load: async () => (await import('./actions/backfill.ts')).backfill,
    },
    {
      name: 'add',
      description: 'create stored entries, beside the configuration',
      args: [['[entry]', 'the name of the new entry (after -- if it begins with -)']],
      flags: [
        ...SENDER_FLAGS,
        ['-f, --file <path>', 'JSON lines {"name", "task", "schedule", …}; - for stdin'],
        ...DEFINITION_FLAGS,
      ],
      load: async () => (await import('./actions/add.ts')).add,
    },
    {
      ...sending(
        'update',
        'change the definition of a stored entry',
        ['--definition <json>', 'fields of the definition as JSON; null removes one'],
        ...DEFINITION_FLAGS,
      ),
      load: async () => (await import('./actions/add.ts')).update,
    },
    verb('remove', 'remove a stored entry'),
    { ...verb('reload', 'have the leader read its configuration files again'), args: [] },
    {
      name: 'healthcheck',
      description: 'exit 0 if every local instance is healthy',
      shownFlags: [],
      flags: [['--liveness', 'blocked entries, which a restart does not repair, are only warnings']],
      isIndependent: true,
      load: async () => (await import('./actions/healthcheck.ts')).healthcheck,
    },
  ];
}
