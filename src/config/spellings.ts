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
