/** The query parameters, besides `ssl_…`, that Celery reads from the URLs of Redis and of RabbitMQ. */
export const REDIS_PARAMETERS: readonly string[] = ['virtual_host', 'db'];
export const AMQP_PARAMETERS: readonly string[] = [
  'heartbeat',
  'connect_timeout',
  'login_method',
  'virtual_host',
];
