import type { Command } from 'commander';
import type { CommandGroup } from '../command-group.ts';
import type { ExitCode } from '../exit.ts';
import type { CeleryFlags } from '../actions/import/celery.ts';
import type { CrontabFlags } from '../actions/import/crontab.ts';
import type { DjangoFlags } from '../actions/import/django.ts';
import type { KubernetesFlags } from '../actions/import/kubernetes.ts';
import type { RedBeatFlags } from '../actions/import/redbeat.ts';

/** The commands that write a schedule file from another scheduler. */
export const importCommand: CommandGroup = {
  shownFlags: [],
  register(program, { exitWith }) {
    const run = (action: () => Promise<ExitCode>) => exitWith(action());
    const group = program
      .command('import')
      .description('write a schedule file from the schedules of another scheduler');
    importing(
      group,
      'crontab',
      'import crontab(5) or anacrontab(5): see docs/moving/from-crontab.md',
    )
      .argument('[file]', 'a crontab, an anacrontab, a folder such as /etc/cron.d, or - for stdin')
      .option('--user <name>', 'the user that runs the commands (default: that of the worker)')
      .option('--system', 'lines name a user; without a file: /etc/crontab and /etc/cron.d')
      .option(
        '--cron <name>',
        'which cron ran it: debian (also Ubuntu), or cronie (Fedora, RHEL …)',
      )
      .option('--last-runs', 'count from the last runs of anacron; cron stores none')
      .option('--spool <folder>', "anacron's timestamps", '/var/spool/anacron')
      .action((file: string | undefined, flags: CrontabFlags) =>
        run(async () => (await import('../actions/import/crontab.ts')).importCrontab(file, flags)),
      );
    withApp(
      importing(
        group,
        'celery',
        'import a Celery app with its own Python: see docs/moving/from-celery-beat.md',
      ),
    )
      .option('--exported <file>', 'an export of celery_beat.export instead of an app; - for stdin')
      .option(
        '-S, --scheduler <class>',
        'the scheduler to ask for entries (default: beat_scheduler)',
      )
      .option(
        '--last-runs [file]',
        'count from the last runs in celerybeat-schedule or the database',
      )
      .action((flags: CeleryFlags) =>
        run(async () => (await import('../actions/import/celery.ts')).importCelery(flags)),
      );
    withApp(
      importing(group, 'redbeat', 'import the entries of RedBeat: see docs/moving/from-redbeat.md'),
    )
      .argument(
        '[url]',
        "instead of -A: RedBeat's Redis, redis://, rediss://, redis+socket:// or sentinel://",
      )
      .option('--key-prefix <text>', 'redbeat_key_prefix (default: redbeat:)')
      .option('--timezone <zone>', 'that of the Celery app (default: the zone of the last runs)')
      .option('--master-name <name>', 'the name of the master, as sentinels know it')
      .option('--last-runs', 'count from the last runs')
      .action((url: string | undefined, flags: RedBeatFlags) =>
        run(async () =>
          (await import('../actions/import/redbeat.ts')).importFromRedBeat(url, flags),
        ),
      );
    withApp(
      importing(
        group,
        'django',
        'import the tasks of django-celery-beat: see docs/moving/from-django-celery-beat.md',
      ),
    )
      .argument('[url]', 'instead of -A: postgresql://…, mysql://…, or the path of an SQLite file')
      .option('--timezone <zone>', 'TIME_ZONE (default: UTC)')
      .option('--last-runs', 'count from the last runs')
      .action((url: string | undefined, flags: DjangoFlags) =>
        run(async () => (await import('../actions/import/django.ts')).importFromDjango(url, flags)),
      );
    importing(
      group,
      'kubernetes',
      'import CronJobs as shell entries: see docs/moving/from-kubernetes-cronjob.md',
    )
      .argument(
        '<files...>',
        'manifests as kubectl get cronjob -o yaml writes them, or - for stdin',
      )
      .option('--timezone <zone>', 'that of the cluster, for jobs without timeZone', 'UTC')
      .option('--last-runs', 'count from lastScheduleTime')
      .action((files: string[], flags: KubernetesFlags) =>
        run(async () =>
          (await import('../actions/import/kubernetes.ts')).importKubernetes(files, flags),
        ),
      );
    return [group];
  },
};

/** A command with the flags of imports that run the Python of a project. */
function withApp(command: Command): Command {
  return command
    .option('-A, --app <module>', 'the app, as celery -A takes it')
    .option('--python <path>', 'the Python of the project (default: of $VIRTUAL_ENV, else python3)')
    .option('--timeout <seconds>', 'how long the project may take to load (default: 60)')
    .option('--workdir <path>', 'the folder from which Python imports (default: this one)');
}

/** A command with the flags that all imports have. */
function importing(group: Command, name: string, description: string): Command {
  return group
    .command(name)
    .description(description)
    .option('-o, --output <path>', 'the file to write (default: standard output)')
    .option('--format <format>', 'yaml, json or ts (default: that of the file, or yaml)')
    .option('--partial', 'exit with 0 although something was left out')
    .option('--compare <count>', 'print the next instants of each entry by its source and by beat')
    .option('--prefix <text>', 'put a text before the names of all entries')
    .option('--force', 'overwrite the file, and allow names that other files have');
}
