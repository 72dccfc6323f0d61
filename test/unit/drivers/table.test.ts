import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { parseEndpoint } from '../../../src/drivers/endpoint.ts';
import { DRIVERS } from '../../../src/drivers/table.ts';
import { problemsOf } from '../config/support.ts';

describe.each(['amqp', 'amqps', 'pyamqp', 'librabbitmq'])('%s://', (scheme) => {
  const brokerUrl = `${scheme}://localhost//`;

  test('has the driver amqp', () => {
    expect(parseEndpoint(brokerUrl).driver?.name).toBe('amqp');
  });

  test('carries task events over a topic exchange', () => {
    const { taskEvents, warnings } = resolveSettings({ brokerUrl, taskSendSentEvent: true });
    expect(taskEvents).toEqual({ exchange: 'celeryev', exchangeType: 'topic' });
    expect(warnings).toEqual([]);
  });

  test('has headers exchanges', () => {
    const problems = problemsOf({
      brokerUrl,
      taskQueues: [{ name: 'q', exchange: 'x', exchangeType: 'headers', bindingArguments: { a: 1 } }],
      beatSchedule: { e: { task: 't', schedule: 60, options: { exchange: 'x', routingKey: 'k', headers: { a: 1 } } } },
    });
    expect(problems.filter((each) => each.includes('headers exchange'))).toEqual([]);
  });
});

test('each scheme has one driver, and other texts have none', () => {
  const schemes = DRIVERS.flatMap((driver) => Object.keys(driver.schemes));
  expect(new Set(schemes).size).toBe(schemes.length);
  for (const driver of DRIVERS) {
    for (const [scheme, variant] of Object.entries(driver.schemes)) {
      expect(parseEndpoint(`${scheme}://`)).toMatchObject({ scheme, driver, variant });
    }
  }
  for (const url of ['http://h', 'constructor://h', '__proto__://h', 'amqp', '']) {
    expect(parseEndpoint(url).driver).toBeNull();
  }
});

const SQL = ['load', 'loadConsumer', 'loadMailbox', 'loadResultReader', 'loadTables', 'loadTaskResults'];
const REDIS = [
  'load',
  'loadConsumer',
  'loadEventStream',
  'loadMailbox',
  'loadRedBeat',
  'loadResultReader',
  'loadResults',
  'loadTaskResults',
];
const RABBITMQ = ['loadBroker', 'loadConsumer', 'loadEventStream', 'loadMailbox'];

test('each driver has its title, its schemes and everything that beat can load from it', async () => {
  const found: unknown[] = [];
  for (const driver of DRIVERS) {
    const loaders = Object.entries(driver).filter(([, value]) => typeof value === 'function');
    for (const [loader, load] of loaders as [string, () => Promise<unknown>][]) {
      expect(await load(), `${driver.name}: ${loader}`).toBeDefined();
    }
    found.push([driver.name, driver.title, Object.keys(driver.schemes), loaders.map(([loader]) => loader).sort()]);
  }
  expect(found).toEqual([
    ['redis', 'Redis', ['redis', 'rediss', 'redis+socket', 'unix'], REDIS],
    ['sentinel', 'Redis', ['sentinel'], REDIS],
    ['sqlite', 'SQLite', ['sqla+sqlite'], SQL],
    ['postgresql', 'PostgreSQL', ['sqla+postgresql'], SQL],
    ['mysql', 'MySQL', ['sqla+mysql', 'sqla+mariadb'], SQL],
    ['memory', 'memory', ['memory'], ['load', 'loadConsumer']],
    ['amqp', 'RabbitMQ', ['amqp', 'amqps', 'pyamqp', 'librabbitmq'], RABBITMQ],
    ['filesystem', 'the file system', ['filesystem'], ['loadBroker']],
    ['sqs', 'Amazon SQS', ['sqs'], ['loadBroker', 'loadConsumer']],
    ['mongodb', 'MongoDB', ['mongodb', 'mongodb+srv'], ['load', 'loadResultReader']],
  ]);
});

test.each([
  ['redis://h', {}],
  ['REDISS://h', { tls: true }],
  ['redis+socket:///run/redis.sock', { socket: true }],
  ['unix:///run/redis.sock', { socket: true }],
  ['sentinel://h', { sentinel: true }],
  ['amqps://h', { tls: true }],
  ['sqlalchemy+MariaDB+pymysql://h/db', { product: 'MariaDB' }],
  ['http://h', {}],
])('the variant of %s is %j', (url, variant) => {
  expect(parseEndpoint(url).variant).toEqual(variant);
});

test('an endpoint masks the passwords of all its URLs', () => {
  const { servers, masked, scheme } = parseEndpoint('SENTINEL://:secret@a;sentinel://:other@b:26380');
  expect(servers.map(({ url }) => url)).toEqual(['SENTINEL://:secret@a', 'sentinel://:other@b:26380']);
  expect(JSON.stringify([masked, ...servers.map((each) => each.masked)])).not.toMatch(/secret|other/);
  expect(scheme).toBe('sentinel');
});

test('each URL of a failover list has a variant of its own', () => {
  const { servers, url } = parseEndpoint(['amqp://a', 'amqps://b']);
  expect(url).toBe('amqp://a;amqps://b');
  expect(servers.map(({ variant }) => variant)).toEqual([{}, { tls: true }]);
});
