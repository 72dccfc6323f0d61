import type { BeatConfig } from 'celery-beat';
import type { Cell, Row, Seen } from './row.ts';

/** The queues of the worker of `matrix_tasks.py`, and the routes of its tasks. */
export const ROUTING = {
  taskQueues: {
    celery: {},
    reports: {},
    named: { exchange: 'by-name', routingKey: 'the key' },
    topics: { exchange: 'topics', exchangeType: 'topic', routingKey: 'jobs.#' },
    news: { exchange: 'news', exchangeType: 'fanout' },
    everyone: { broadcast: true },
  },
  taskRoutes: [
    {
      'matrix.routed.by_name': 'reports',
      'matrix.routed.with_options': { queue: 'reports', priority: 4, headers: { 'x-route': 1 } },
      'matrix.routed.glob.*': { queue: 'globbed' },
    },
    [
      [/matrix\.routed\.reg/, { queue: 'matched' }],
      ['matrix.routed.pair', 'listed'],
    ],
    (task: string, args: readonly unknown[]) => (task === 'matrix.routed.computed' ? { queue: String(args[0]) } : null),
  ],
} satisfies BeatConfig;

/** The expectation for tasks without a route. */
export const DEFAULTS = {
  taskDefaultQueue: 'reports',
  taskDefaultPriority: 4,
  taskDefaultDeliveryMode: 'transient',
  taskIgnoreResult: true,
} satisfies BeatConfig;

/** A default queue that is bound to an exchange of another type. */
export const TOPIC = {
  taskDefaultQueue: 'topics',
  taskDefaultExchange: 'topics',
  taskDefaultExchangeType: 'topic',
  taskDefaultRoutingKey: 'jobs.#',
} satisfies BeatConfig;

const see = { task: 'matrix.see' };

/** Creates a row whose entry is routed to one queue. */
function row(name: string, entry: Row['entry'], ...runs: NonNullable<Row['runs']> & object[]): Row {
  return { name, entry, settings: 'routes', runs };
}

/** Rows to fanout exchanges, which kombu has on SQS through SNS alone; the server of the tests has no capped collections. */
const notWithoutFanout = ({ broker }: Cell): string | false => {
  if (broker === 'SQS') return 'beat has no fanout exchanges on SQS';
  return broker === 'MongoDB' && 'workers read them from a capped collection, which the server of the tests lacks';
};

/** As `row`, for fanout exchanges. */
function fanoutRow(name: string, entry: Row['entry'], seen: Seen): Row {
  return { ...row(name, entry, seen), not: notWithoutFanout };
}

export const routingRows: readonly Row[] = [
  row('route by name', { task: 'matrix.routed.by_name' }, { exchange: '', routingKey: 'reports' }),
  row(
    'route with options',
    { task: 'matrix.routed.with_options' },
    { routingKey: 'reports', priority: 4, headers: { 'x-route': 1 } },
  ),
  row(
    'route whose options the entry overrides',
    { task: 'matrix.routed.with_options', options: { queue: 'celery', priority: 2 } },
    { routingKey: 'celery', priority: 2 },
  ),
  row('route by a glob', { task: 'matrix.routed.glob.a.b' }, { routingKey: 'globbed' }),
  row('route by an expression', { task: 'matrix.routed.regular' }, { routingKey: 'matched' }),
  row('route in a list of pairs', { task: 'matrix.routed.pair' }, { routingKey: 'listed' }),
  row(
    'route by a function',
    { task: 'matrix.routed.computed', args: ['computed'] },
    { routingKey: 'computed', args: ['computed'] },
  ),
  row('queue that is described', { ...see, options: { queue: 'named' } }, { routingKey: 'named' }),
  row(
    'exchange and routing key of a direct exchange',
    { ...see, options: { exchange: 'by-name', routingKey: 'the key' } },
    { exchange: 'by-name', routingKey: 'the key' },
  ),
  row(
    'queue behind a topic exchange',
    { ...see, options: { queue: 'topics', routingKey: 'jobs.night.clean' } },
    { exchange: 'topics', routingKey: 'jobs.night.clean' },
  ),
  row(
    'topic exchange without a queue',
    { ...see, options: { exchange: 'topics', exchangeType: 'topic', routingKey: 'jobs.x' } },
    { exchange: 'topics', routingKey: 'jobs.x' },
  ),
  fanoutRow('queue behind a fanout exchange', { ...see, options: { queue: 'news' } }, { exchange: 'news' }),
  fanoutRow(
    'fanout exchange without a queue',
    { ...see, options: { exchange: 'news', exchangeType: 'fanout', routingKey: 'celery' } },
    { exchange: 'news' },
  ),
  fanoutRow('broadcast', { ...see, options: { queue: 'everyone' } }, { exchange: 'everyone' }),
  fanoutRow(
    'fanout exchange without a key',
    { ...see, options: { exchange: 'everyone', exchangeType: 'fanout' } },
    { exchange: 'everyone' },
  ),
  fanoutRow(
    'fanout exchange by another key, which is not configured',
    { ...see, options: { exchange: 'others', exchangeType: 'fanout', routingKey: 'foo' } },
    { exchange: 'others' },
  ),
  {
    ...row('broadcast that is not configured', { ...see, options: { queue: 'others' } }, { exchange: 'others' }),
    not: (cell) =>
      cell.broker === 'RabbitMQ'
        ? 'there a queue of that name is made, and it waits for a consumer'
        : notWithoutFanout(cell),
  },
  {
    name: 'defaults of the settings',
    entry: see,
    settings: 'defaults',
    runs: [{ routingKey: 'reports', priority: 4, properties: { delivery_mode: 1, priority: 4 } }],
    result: undefined,
  },
  {
    name: 'defaults of the settings that the entry overrides',
    entry: { ...see, options: { queue: 'celery', priority: 0, deliveryMode: 2, ignoreResult: false } },
    settings: 'defaults',
    runs: [{ routingKey: 'celery', priority: 0, properties: { delivery_mode: 2 } }],
    result: 'seen',
  },
  {
    name: 'a default queue behind a topic exchange',
    entry: see,
    settings: 'topic by default',
    runs: [{ exchange: 'topics', routingKey: 'jobs.#' }],
  },
];
