/** What is told of tasks to those who watch them, such as Flower. */
export interface EventsConfig {
  /** Publishes an event `task-sent` for every task that is sent. Default `false`. */
  taskSendSentEvent?: boolean | undefined;
  /** Where events go. Default `celeryev`. */
  eventExchange?: string | undefined;
  /** Every receiver of events reads JSON. */
  eventSerializer?: 'json' | undefined;
}
