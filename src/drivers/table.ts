/** What the schemes of URLs lead to. Whatever depends on the kind of a broker asks here. */
import { schemeOf } from '../broker/url-list.ts';

export type Kind = 'redis' | 'sentinel' | 'sqlite' | 'sql' | 'memory' | 'amqp';

const KINDS: Readonly<Record<string, Kind>> = {
  redis: 'redis',
  rediss: 'redis',
  'redis+socket': 'redis',
  unix: 'redis',
  sentinel: 'sentinel',
  'sqla+sqlite': 'sqlite',
  'sqla+postgresql': 'sql',
  'sqla+mysql': 'sql',
  'sqla+mariadb': 'sql',
  memory: 'memory',
  amqp: 'amqp',
  amqps: 'amqp',
  pyamqp: 'amqp',
  librabbitmq: 'amqp',
};

/** `null` for a scheme that beat does not know, and for what is no URL. */
export function kindOf(url: string): Kind | null {
  const scheme = schemeOf(url);
  return Object.hasOwn(KINDS, scheme) ? KINDS[scheme]! : null;
}

function schemesOf(...kinds: readonly Kind[]): readonly string[] {
  return Object.keys(KINDS).filter((scheme) => kinds.includes(KINDS[scheme]!));
}

/** The schemes of RabbitMQ, of single Redis servers, of places that can keep lock and ledger, and of all brokers. */
export const AMQP_SCHEMES = schemesOf('amqp');
export const REDIS_SCHEMES = schemesOf('redis');
export const STATE_SCHEMES = schemesOf('redis', 'sentinel', 'sqlite', 'sql', 'memory');
export const BROKER_SCHEMES = Object.keys(KINDS);
