/** What `beat --help` says below its flags. */
export const EPILOG = `
Examples:
  $ beat                                        schedules/ or beat.config.*, on an embedded SQLite file
  $ beat -c beat.yaml -b redis://localhost:6379/0
  $ beat check -c schedules/                    is the configuration right? (for CI)
  $ beat next nightly-report -n 5               when will it run?
  $ beat forget nightly-report                  its record is damaged: start it anew
  $ beat --detach --pidfile /run/beat.pid -f /var/log/beat.log

Flags may stand before or after the command. What follows \`celery\` in scripts of yours may follow
\`beat\`, its own word included: \`beat -A proj beat -l info\`.

Environment (a flag wins; each may be given as NAME_FILE, the path of a file that holds the value):
  BEAT_CONFIG, BEAT_BROKER_URL, BEAT_STATE_URL, BEAT_LOG_LEVEL,
  BEAT_MAX_CONFIG_SIZE (the largest configuration file that is read, 64MiB)
  and Celery's CELERY_BROKER_WRITE_URL, BROKER_URL, CELERY_BROKER_URL, RESULT_BACKEND, CELERY_RESULT_BACKEND

Exit codes: 0 done, 1 failure, 2 wrong usage or configuration, 73 the pidfile is taken`;

/** What `beat forget --help` says below its flags. */
export const FORGET_EPILOG = `
A record that cannot be read holds up its entry; the log and \`beat healthcheck\` name it. Runs that fell due
and were not sent are dropped, a run that waits in the outbox is still sent. Instances may go on running: the
one that leads steps down for a moment, and commits nothing that it decided before.`;
