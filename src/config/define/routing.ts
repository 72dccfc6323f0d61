/** Which queues there are, and which task goes where. */
export interface RoutingConfig {
  /** Where tasks go that name no queue. Default `celery`. */
  taskDefaultQueue?: string | undefined;
  /** AMQP: of the default queue. Default `classic`. */
  taskDefaultQueueType?: 'classic' | 'quorum' | undefined;
  /** AMQP: of every other queue. Default `classic`. */
  taskCreateMissingQueueType?: 'classic' | 'quorum' | undefined;
  /** AMQP: `x-max-priority` of every queue, 1 to 255. Default: none. */
  taskQueueMaxPriority?: number | undefined;
  /** AMQP: `false` declares no queue and no exchange. Default `true`. */
  declareQueues?: boolean | undefined;
}
