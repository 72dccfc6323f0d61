const SENTINELS =
  '; sentinels are written sentinel://host:26379/0;sentinel://…, with masterName in brokerTransportOptions';

/** The transports of kombu that beat does not publish to, by scheme: why, and what to do instead. */
export const OTHER_TRANSPORTS: Readonly<Record<string, string>> = {
  kafka:
    'kombu reads topics of Kafka as queues, without priorities or acknowledgement of single messages; publish to them with a driver of your own',
  pgmq: 'the extension pgmq is rarely installed; use sqla+postgresql:// in the same database, or a driver of your own',
  gcpubsub: 'publish to Google Pub/Sub with a driver of your own',
  azureservicebus: 'publish to Azure Service Bus with a driver of your own, or use RabbitMQ or Redis',
  azurestoragequeues: 'publish to Azure Storage Queues with a driver of your own, or use RabbitMQ or Redis',
  zookeeper:
    'ZooKeeper is not made for many messages, and kombu calls its transport experimental; use Redis or RabbitMQ',
  etcd: 'etcd is not made for many messages; use Redis or RabbitMQ',
  consul: 'Consul is not made for many messages; use Redis or RabbitMQ',
  qpid: 'kombu needs the Python library qpid.messaging, which is no longer developed; use RabbitMQ',
  slmq: 'IBM has ended SoftLayer Message Queue; use Redis or RabbitMQ',
  ironmq: 'the service IronMQ has ended; use Redis or RabbitMQ',
  pyro: 'messages are objects in the memory of a Python process; use Redis or RabbitMQ',
};

/** Other names of these transports. */
const ALIASES: Readonly<Record<string, string>> = { confluentkafka: 'kafka', iron_mq: 'ironmq' };

/** A hint for a scheme of another library, to be appended to an error; `null` for an unknown one. */
export function explainForeignScheme(scheme: string): string | null {
  if (/^redis[-+]sentinel$/.test(scheme)) return SENTINELS;
  if (/^sentinels$|^sentinel\+|^rediss[-+]sentinel$/.test(scheme)) {
    return `${SENTINELS}; ?ssl_cert_reqs=required or brokerUseSsl encrypts connections to the master`;
  }
  if (/^redis[-+]cluster$/.test(scheme)) return "; Celery's workers do not support Redis Cluster";
  if (scheme === 'rediss+socket') return '; a socket of this host needs no encryption: redis+socket://';
  if (/^(valkey|keydb)s?$/.test(scheme)) return '; write the redis:// URL of the same server';
  const transport = OTHER_TRANSPORTS[ALIASES[scheme] ?? scheme];
  return transport === undefined ? null : `; ${transport}`;
}
