import { Option } from 'commander';
import type { AddFlags } from './actions/add.ts';
import type { AuditFlags } from './actions/audit.ts';
import type { BackfillFlags } from './actions/backfill.ts';
import type { CheckFlags } from './actions/check.ts';
import type { DiffFlags } from './actions/diff.ts';
import type { ForgetFlags } from './actions/forget.ts';
import type { HealthcheckFlags } from './actions/healthcheck.ts';
import type { HistoryFlags } from './actions/history.ts';
import type { CeleryFlags } from './actions/import/celery.ts';
import type { CrontabFlags } from './actions/import/crontab.ts';
import type { DjangoFlags } from './actions/import/django.ts';
import type { KubernetesFlags } from './actions/import/kubernetes.ts';
import type { RedBeatFlags } from './actions/import/redbeat.ts';
import type { InstancesFlags } from './actions/instances.ts';
import type { ListFlags } from './actions/list.ts';
import type { NextFlags } from './actions/next.ts';
import type { Verb, VerbFlags } from './actions/send.ts';
import type { StartFlags } from './actions/start.ts';
import type { WhyFlags } from './actions/why.ts';
import { START_FLAGS } from './flags/celery-flags.ts';
import { DEFINITION_FLAGS, type DefinitionFlags } from './flags/definition-flags.ts';
import { rejectUnknownArguments } from './flags/global-flags.ts';
import type { GlobalFlags } from './flags/options.ts';
import { workerFlags, type WorkerFlags } from './flags/worker-flags.ts';
import { STORE_FLAGS, type Flag, type Subcommand } from './subcommand.ts';

/** What the subcommands of one process share. */
export interface SubcommandContext {
  readonly version: string;
  readonly argv: readonly string[];
  /** Reports to the parent of a detached process that the service has started. */
  readonly started: () => Promise<void>;
}

const required = (flags: string, description: string) => new Option(flags, description).makeOptionMandatory();

const ENTRY = ['<entry>', 'the name of an entry'] as const;
const ENTRY_AFTER_DASHES = ['<entry>', `${ENTRY[1]} (after -- if it begins with -)`] as const;
const JSON_LINES = ['--json', 'print JSON lines, in UTC'] as const;

/** Flags of all subcommands that send a command to the leader. */
const SENDER_FLAGS: readonly Flag[] = [
  ['--reason <text>', 'why, for the log and the audit trail'],
  ['--no-wait', 'do not wait for the answer of the leader'],
  ['--json', 'print the answer as JSON'],
];

/** A subcommand that sends a command about an entry. */
function sending(name: string, description: string, ...flags: readonly Flag[]): Subcommand {
  return { name, description, flags: [...SENDER_FLAGS, ...flags], args: [ENTRY_AFTER_DASHES] };
}

/** A subcommand that only sends the command of its name. */
function verb(name: Verb, description: string, ...flags: readonly Flag[]): Subcommand {
  return {
    ...sending(name, description, ...flags),
    run: async (flags: VerbFlags, entry = '') => (await import('./actions/send.ts')).sendVerb(name, entry, flags),
  };
}

/** Flags of all imports. */
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
    run: async (flags: CrontabFlags, file?: string) =>
      (await import('./actions/import/crontab.ts')).importCrontab(file, flags),
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
    run: async (flags: CeleryFlags) => (await import('./actions/import/celery.ts')).importCelery(flags),
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
    run: async (flags: RedBeatFlags, url?: string) =>
      (await import('./actions/import/redbeat.ts')).importFromRedBeat(url, flags),
  },
  {
    name: 'django',
    description: 'import the tasks of django-celery-beat: see docs/moving/from-django-celery-beat.md',
    args: [['[url]', 'instead of -A: postgresql://…, mysql://…, or the path of an SQLite file']],
    flags: [...IMPORT_FLAGS, ...APP_FLAGS, ['--timezone <zone>', 'TIME_ZONE (default: UTC)'], LAST_RUNS],
    run: async (flags: DjangoFlags, url?: string) =>
      (await import('./actions/import/django.ts')).importFromDjango(url, flags),
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
    run: async (flags: KubernetesFlags, ...files) =>
      (await import('./actions/import/kubernetes.ts')).importKubernetes(files, flags),
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

/** All subcommands, in the order of the help. */
export function createSubcommands(context: SubcommandContext): readonly Subcommand[] {
  const { version, argv, started } = context;
  const detach = async (flags: GlobalFlags) => (await import('./service/detach.ts')).detach(flags, argv);
  const all: readonly Subcommand[] = [
    {
      name: 'start',
      description: 'wait for the lock, then send due tasks (the default)',
      isDefault: true,
      shownFlags: 'all',
      flags: [
        ...START_FLAGS,
        new Option('--with-worker', 'also run the jobs of shell entries, as beat worker does').helpGroup(WORKER_GROUP),
        ...workerFlags().map((option) => option.helpGroup(WORKER_GROUP)),
      ],
      async run(flags: StartFlags, ...args) {
        const names = all.map(({ name }) => name);
        rejectUnknownArguments(args, names);
        if (flags.detach) return detach(flags);
        return (await import('./actions/start.ts')).start(flags, { version, started });
      },
    },
    {
      name: 'worker',
      description: 'run the jobs of shell entries: see docs/shell.md',
      shownFlags: [
        ...['--config', '--broker', '--result-backend', '--loglevel', '--log-format'],
        ...['--detach', '--logfile', '--pidfile', '--uid', '--gid', '--umask', '--workdir'],
      ],
      flags: workerFlags(),
      async run(flags: GlobalFlags & WorkerFlags) {
        if (flags.detach) return detach(flags);
        return (await import('./actions/worker.ts')).work(flags, { started });
      },
    },
    {
      name: 'check',
      description: 'validate the configuration and print all errors and warnings',
      shownFlags: [...STORE_FLAGS, '--result-backend'],
      flags: [['--json', 'print the result as JSON']],
      run: async (flags: CheckFlags) => (await import('./actions/check.ts')).check(flags),
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
      run: async (flags: ListFlags) => (await import('./actions/list.ts')).list(flags),
    },
    {
      name: 'instances',
      description: 'list the running instances: host, role, term, clock skew, version',
      flags: [['--json', 'print JSON lines']],
      run: async (flags: InstancesFlags) => (await import('./actions/instances.ts')).instances(flags),
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
      run: async (flags: NextFlags, ...names) => (await import('./actions/next.ts')).next(names, flags),
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
      run: async (flags: HistoryFlags, name: string) => (await import('./actions/history.ts')).history(name, flags),
    },
    {
      name: 'why',
      description: 'explain why an entry was or was not due at an instant, and what became of it',
      args: [ENTRY],
      flags: [
        ['--at <instant>', 'ISO 8601 with an offset (default: now)'],
        ['--json', 'print JSON'],
      ],
      run: async (flags: WhyFlags, name: string) => (await import('./actions/why.ts')).why(name, flags),
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
      run: async (flags: AuditFlags, ...names) => (await import('./actions/audit.ts')).audit(names, flags),
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
      run: async (flags: DiffFlags, before: string, after: string) =>
        (await import('./actions/diff.ts')).diff(before, after, flags),
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
      run: async (flags: GlobalFlags) => (await import('./actions/shell-commands.ts')).shellCommands(flags),
    },
    {
      name: 'forget',
      description: 'remove the state of an entry; its schedule restarts from now',
      args: [['<entry>', 'the name of a configured or recorded entry (after -- if it begins with -)']],
      flags: [...RECORD_FLAGS, ['--quoted', 'the name is a JSON string, for names with control characters']],
      epilog: FORGET_EPILOG,
      run: async (flags: ForgetFlags, name: string) => (await import('./actions/forget.ts')).forget(name, flags),
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
      run: async (flags: BackfillFlags, entry: string) =>
        (await import('./actions/backfill.ts')).backfill(entry, flags),
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
      run: async (flags: AddFlags, entry?: string) => (await import('./actions/add.ts')).add(entry, flags),
    },
    {
      ...sending(
        'update',
        'change the definition of a stored entry',
        ['--definition <json>', 'fields of the definition as JSON; null removes one'],
        ...DEFINITION_FLAGS,
      ),
      run: async (flags: DefinitionFlags, entry: string) => (await import('./actions/update.ts')).update(entry, flags),
    },
    verb('remove', 'remove a stored entry'),
    { ...verb('reload', 'have the leader read its configuration files again'), args: [] },
    {
      name: 'healthcheck',
      description: 'exit 0 if every local instance is healthy',
      shownFlags: [],
      flags: [['--liveness', 'blocked entries, which a restart does not repair, are only warnings']],
      isIndependent: true,
      run: async (flags: HealthcheckFlags) => (await import('./actions/healthcheck.ts')).healthcheck(flags),
    },
  ];
  return all;
}
