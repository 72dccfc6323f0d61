/** What Celery, of old and under Django, called the settings that beat has. */
const CELERY_NAMES: Readonly<Record<string, readonly string[]>> = {
  brokerUrl: ['BROKER_URL', 'CELERY_BROKER_URL'],
  brokerTransportOptions: ['BROKER_TRANSPORT_OPTIONS', 'CELERY_BROKER_TRANSPORT_OPTIONS'],
  brokerFailoverStrategy: ['BROKER_FAILOVER_STRATEGY', 'CELERY_BROKER_FAILOVER_STRATEGY'],
  brokerHeartbeat: ['BROKER_HEARTBEAT', 'CELERY_BROKER_HEARTBEAT'],
  brokerConnectionTimeout: ['BROKER_CONNECTION_TIMEOUT', 'CELERY_BROKER_CONNECTION_TIMEOUT'],
  timezone: ['CELERY_TIMEZONE'],
  enableUtc: ['ENABLE_UTC', 'CELERY_ENABLE_UTC'],
  beatSchedule: ['CELERYBEAT_SCHEDULE', 'CELERY_BEAT_SCHEDULE'],
  taskDefaultQueue: ['CELERY_DEFAULT_QUEUE', 'CELERY_TASK_DEFAULT_QUEUE'],
  taskDefaultQueueType: ['CELERY_DEFAULT_QUEUE_TYPE', 'CELERY_TASK_DEFAULT_QUEUE_TYPE'],
  taskCreateMissingQueueType: [
    'CELERY_CREATE_MISSING_QUEUE_TYPE',
    'CELERY_TASK_CREATE_MISSING_QUEUE_TYPE',
  ],
  taskSendSentEvent: ['CELERY_SEND_TASK_SENT_EVENT', 'CELERY_TASK_SEND_SENT_EVENT'],
  eventExchange: ['CELERY_EVENT_EXCHANGE'],
  eventSerializer: ['CELERY_EVENT_SERIALIZER'],
  taskDefaultExchange: ['CELERY_DEFAULT_EXCHANGE', 'CELERY_TASK_DEFAULT_EXCHANGE'],
  taskDefaultExchangeType: ['CELERY_DEFAULT_EXCHANGE_TYPE', 'CELERY_TASK_DEFAULT_EXCHANGE_TYPE'],
  taskDefaultRoutingKey: ['CELERY_DEFAULT_ROUTING_KEY', 'CELERY_TASK_DEFAULT_ROUTING_KEY'],
  taskDefaultDeliveryMode: ['CELERY_DEFAULT_DELIVERY_MODE', 'CELERY_TASK_DEFAULT_DELIVERY_MODE'],
  taskDefaultPriority: ['CELERY_DEFAULT_PRIORITY', 'CELERY_TASK_DEFAULT_PRIORITY'],
  taskIgnoreResult: ['CELERY_IGNORE_RESULT', 'CELERY_TASK_IGNORE_RESULT'],
  taskQueues: ['CELERY_QUEUES', 'CELERY_TASK_QUEUES'],
  taskRoutes: ['CELERY_ROUTES', 'CELERY_TASK_ROUTES'],
  taskCreateMissingQueues: ['CELERY_CREATE_MISSING_QUEUES', 'CELERY_TASK_CREATE_MISSING_QUEUES'],
  taskCreateMissingQueueExchangeType: [
    'CELERY_CREATE_MISSING_QUEUE_EXCHANGE_TYPE',
    'CELERY_TASK_CREATE_MISSING_QUEUE_EXCHANGE_TYPE',
  ],
  taskQueueMaxPriority: ['CELERY_QUEUE_MAX_PRIORITY', 'CELERY_TASK_QUEUE_MAX_PRIORITY'],
  resultBackend: ['CELERY_RESULT_BACKEND'],
  resultExpires: ['CELERY_TASK_RESULT_EXPIRES', 'CELERY_RESULT_EXPIRES'],
  resultBackendTransportOptions: ['CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS'],
  taskSerializer: ['CELERY_TASK_SERIALIZER'],
  taskCompression: ['CELERY_MESSAGE_COMPRESSION', 'CELERY_TASK_COMPRESSION'],
  taskProtocol: ['CELERY_TASK_PROTOCOL'],
  startingDeadline: [
    'beatCronStartingDeadline',
    'beat_cron_starting_deadline',
    'CELERYBEAT_CRON_STARTING_DEADLINE',
    'CELERY_BEAT_CRON_STARTING_DEADLINE',
  ],
};

/** Every spelling of a key, canonical camelCase first. At the top of a file Celery's old names count too. */
export function spellingsOf(key: string, top: boolean): string[] {
  const snake = snakeCase(key);
  const both = snake === key ? [key] : [key, snake];
  return top ? [...both, ...(CELERY_NAMES[key] ?? [])] : both;
}

export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Families of Celery's settings that have nothing in common with beat's. */
const CELERY_FAMILIES =
  /^(accept|arangodb|azureblockblob|cache|cassandra|control|cosmosdbsql|couchbase|database|elasticsearch|event|gcs|mongodb|redis|result|s3|security|worker)_|^(imports|include)$/;

/** The rest of those families in which a typing mistake of a setting of beat's could lie. */
const CELERY_SETTINGS = new Set(
  [
    'beat_: enable_remote_control max_loop_interval schedule_filename scheduler sync_every',
    'broker_: channel_error_retry connection_max_retries connection_retry connection_retry_on_startup',
    'broker_: heartbeat_checkrate host login_method native_delayed_delivery_queue_type',
    'broker_: password pool_limit port read_url transport use_ssl user vhost write_url',
    'task_: acks_late acks_on_failure_or_timeout always_eager annotations',
    'task_: default_rate_limit eager_propagates inherit_parent_priority publish_retry',
    'task_: publish_retry_policy reject_on_worker_lost remote_tracebacks',
    'task_: send_sent_event soft_time_limit store_eager_result',
    'task_: store_errors_even_if_ignored time_limit track_started',
  ].flatMap((line) => {
    const [family = '', names = ''] = line.split(': ');
    return names.split(' ').map((name) => family + name);
  }),
);

/** Whether an unknown top-level key is one of Celery's many settings. */
export function isCelerySetting(key: string): boolean {
  const upper = key === key.toUpperCase();
  if (upper && key.startsWith('CELERY')) return true;
  const name = upper ? key.toLowerCase() : snakeCase(key);
  return CELERY_FAMILIES.test(name) || CELERY_SETTINGS.has(name);
}
