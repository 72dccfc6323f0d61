import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explainForeignScheme, OTHER_TRANSPORTS } from '../../../src/drivers/foreign-schemes.ts';
import { findScheme } from '../../../src/drivers/table.ts';

const PAGE = readFileSync(new URL('../../../docs/brokers.md', import.meta.url), 'utf8');

/** `TRANSPORT_ALIASES` of kombu 5.7. */
const KOMBU =
  'amqp amqps pyamqp librabbitmq confluentkafka kafka memory redis rediss SQS sqs mongodb zookeeper sqlalchemy sqla SLMQ slmq filesystem qpid sentinel consul etcd azurestoragequeues azureservicebus pyro gcpubsub pgmq'.split(
    ' ',
  );

test.each(KOMBU)('%s is on the page, and is a driver or is explained', (scheme) => {
  expect(PAGE).toContain(`\`${scheme.replace('SQS', 'sqs')}\``);
  const isSql = /^sqla(lchemy)?$/.test(scheme);
  const name = scheme.toLowerCase();
  const { driver } = findScheme(isSql ? 'sqla+postgresql' : name);
  expect([driver !== null, explainForeignScheme(name) !== null]).toContain(true);
});

test('the page has the sentences of the errors', () => {
  const rows = [...PAGE.matchAll(/^\| `([a-z]+)` +\| ([^|]*?) +\|$/gm)].map(([, scheme, text]) => [scheme, text]);
  expect(rows).toEqual(Object.entries(OTHER_TRANSPORTS));
});
