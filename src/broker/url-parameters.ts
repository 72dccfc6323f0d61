/** Query parameters beside `ssl_…` that Celery passes on from the URLs of a Redis, and of RabbitMQ. */
export const REDIS_PARAMETERS: readonly string[] = ['virtual_host', 'db'];
export const AMQP_PARAMETERS: readonly string[] = [
  'heartbeat',
  'connect_timeout',
  'login_method',
  'virtual_host',
];
