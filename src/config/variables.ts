/** The environment variables that settings are read from; the first of each list wins. */
export const VARIABLES = {
  config: ['BEAT_CONFIG'],
  // Celery's variables follow beat's own, in Celery's order.
  brokerUrl: ['BEAT_BROKER_URL', 'CELERY_BROKER_WRITE_URL', 'BROKER_URL', 'CELERY_BROKER_URL'],
  stateUrl: ['BEAT_STATE_URL'],
  resultBackend: ['RESULT_BACKEND', 'CELERY_RESULT_BACKEND'],
  heartbeatUrl: ['BEAT_HEARTBEAT_URL'],
  sentryDsn: ['BEAT_SENTRY_DSN', 'SENTRY_DSN'],
  webhookSecret: ['BEAT_WEBHOOK_SECRET'],
  httpListen: ['BEAT_HTTP'],
  httpReadToken: ['BEAT_HTTP_READ_TOKEN'],
  httpChangeToken: ['BEAT_HTTP_CHANGE_TOKEN'],
  logLevel: ['BEAT_LOG_LEVEL'],
  maxConfigSize: ['BEAT_MAX_CONFIG_SIZE'],
} as const satisfies Record<string, readonly string[]>;

/** The URL from which Celery consumes. beat does not use it, but it contains the same password. */
const READ_URL = 'CELERY_BROKER_READ_URL';

const NAMES = [...Object.values(VARIABLES).flat(), READ_URL];
const PRIVATE: ReadonlySet<string> = new Set(NAMES.flatMap((name) => [name, `${name}_FILE`]));

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment for other programs: without the settings of beat, which contain passwords. */
export function omitSettings(env: Environment): Environment {
  const others = Object.entries(env).filter(([name]) => !PRIVATE.has(name) && !name.startsWith('BEAT_'));
  return Object.fromEntries(others);
}
