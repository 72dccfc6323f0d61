/** The text below the flags in `beat --help`. */
export const EPILOG = `
Examples:
  $ beat                                        run schedules/ or beat.config.*, on an embedded SQLite file
  $ beat -c beat.yaml -b redis://localhost:6379/0
  $ beat check -c schedules/                    validate the configuration, for example in CI
  $ beat next nightly-report -n 5               print its next five runs
  $ beat pause nightly-report --reason migration   no runs until beat resume nightly-report
  $ beat run nightly-report                     publish a run now
  $ beat reload                                 read the configuration files again; or kill -HUP, or --watch
  $ beat forget nightly-report                  remove its damaged state and restart its schedule
  $ beat --detach --pidfile /run/beat.pid -f /var/log/beat.log

Flags are accepted before and after the command. In scripts for Celery, replace the word \`celery\` with
\`beat\` and leave the rest: \`beat -A proj beat -l info\` is valid.

Environment (flags override it; NAME_FILE is the path of a file that contains the value):
  BEAT_CONFIG, BEAT_BROKER_URL, BEAT_STATE_URL, BEAT_LOG_LEVEL,
  BEAT_HTTP, BEAT_HTTP_READ_TOKEN, BEAT_HTTP_CHANGE_TOKEN,
  BEAT_MAX_CONFIG_SIZE (the size limit of a configuration file, default 64MiB)
  and Celery's CELERY_BROKER_WRITE_URL, BROKER_URL, CELERY_BROKER_URL, RESULT_BACKEND, CELERY_RESULT_BACKEND

Exit codes: 0 success, 1 failure, 2 wrong usage or configuration, 73 pidfile in use`;
