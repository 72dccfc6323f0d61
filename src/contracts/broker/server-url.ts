/**
 * The properties of connections that follow from the scheme of a URL. The table of drivers has them, so drivers do not
 * parse schemes.
 */
export interface Variant {
  /** Connections are encrypted. */
  readonly tls?: true;
  /** The URL has the path of a Unix socket instead of a host. */
  readonly socket?: true;
  /** The URL has the address of a sentinel, which reports the host of the master. */
  readonly sentinel?: true;
  /** The product, if the driver has another title. */
  readonly product?: string;
}

/** The URL of one server or file. */
export interface ServerUrl {
  /** May contain passwords: print `masked` instead. */
  readonly url: string;
  /** The URL without its passwords. */
  readonly masked: string;
  readonly variant: Variant;
}

/** The URL of a broker or store; or several, with `;` between them. The first one has the variant. */
export interface ServerUrls extends ServerUrl {
  /** In the order of failover. */
  readonly servers: readonly ServerUrl[];
}

/** The query parameters, besides `ssl_…`, that Celery reads from the URLs of Redis and of RabbitMQ. */
export const REDIS_PARAMETERS: readonly string[] = ['virtual_host', 'db'];
export const AMQP_PARAMETERS: readonly string[] = ['heartbeat', 'connect_timeout', 'login_method', 'virtual_host'];
