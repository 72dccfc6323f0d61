import { explainFileName } from '../../celery/kombu/file-name.ts';
import { inspectArgument } from '../../celery/message/arguments.ts';
import { formatDestination } from '../../celery/message/destination.ts';
import type { MessageOptions } from '../../celery/message/message.ts';
import { hasTemplate } from '../../celery/message/template.ts';
import { Queues } from '../../celery/routing/queues.ts';
import { findRoutingWarnings, Router, type Routed } from '../../celery/routing/router.ts';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { Driver, DriverLimits } from '../../drivers/table.ts';
import { BeatError, ConfigError } from '../../util/errors.ts';
import { checkSqsTask } from '../broker/sqs.ts';
import type { Settings } from '../settings.ts';
import type { Path, Report } from '../validate.ts';

interface CheckedTask {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: MessageOptions;
  /** Present if the arguments depend on the occurrence: then a route cannot be computed at load. */
  readonly compute?: unknown;
}

/** Reports errors and warnings of a task, with paths from the entry. */
export type CheckRoute = (task: CheckedTask, report: Report, warn: Report) => void;

/** Returns a check that routes a task without publishing it. `reportRoutes` is for errors of the routes themselves. */
export function routeChecker(
  { queues: rules, routes, broker, transport }: Pick<Settings, 'queues' | 'routes' | 'broker' | 'transport'>,
  reportRoutes: Report,
): CheckRoute {
  const queues = new Queues(rules);
  const router = new Router(queues, routes);
  const { driver } = broker;
  const reported = new Set<string>();
  /** Reports each error of a route once, however many tasks use the route. */
  const reportOnce = (error: ConfigError, task: string) => {
    for (const { path, message } of error.errors) {
      const id = JSON.stringify([path, message.replace(JSON.stringify(task), '')]);
      if (!reported.has(id)) reportRoutes(path, message);
      reported.add(id);
    }
  };
  return (checked, report, warn) => {
    const { task, args, kwargs, options } = checked;
    const pathTo = (option: 'exchange' | 'routingKey' | 'queue') =>
      options[option] === undefined ? [] : ['options', option];
    let routed: Routed;
    try {
      if (options.queue !== undefined) queues.get(options.queue);
      if (checked.compute) return checkLimits(checked, undefined, driver, report);
      routed = router.route(task, args, kwargs, options);
    } catch (error) {
      if (error instanceof ConfigError) reportOnce(error, task);
      else if (error instanceof BeatError) report(pathTo('queue'), error.message);
      else throw error;
      return;
    }
    checkArguments(checked, routed, report);
    checkLimits(checked, routed, driver, report);
    if (driver?.limits?.sqs) {
      const { queue } = options;
      const found = queues.queuesFor(routed.destination).map(({ name }) => name);
      const paths = found.map((name) => [name === queue ? ['options', 'queue'] : [], name] as const);
      checkSqsTask(checked, paths, transport.sqs, report, warn);
    }
    const unsupported = explainUnsupported(routed, driver);
    if (unsupported !== null) return report(pathTo(options.exchange === undefined ? 'queue' : 'exchange'), unsupported);
    const isStatic = driver !== null && !driver.bindings;
    for (const { option, message } of findRoutingWarnings(routed, queues)) {
      const isLost = routed.destination.exchange !== '';
      if (isStatic && isLost) report(pathTo('exchange'), `${formatDestination(routed.destination)} ${UNBOUND}`);
      else warn(option === null ? [] : pathTo(option), message);
    }
  };
}

function checkArguments({ args, kwargs, options }: CheckedTask, routed: Routed, report: Report): void {
  const { serializer } = routed.options;
  if (serializer === undefined || serializer === options.serializer) return;
  const reportRouted: Report = (path, message) => {
    report(path, `${message} (its route sets the serializer ${serializer})`);
  };
  inspectArgument(args, ['args'], reportRouted, serializer);
  inspectArgument(kwargs, ['kwargs'], reportRouted, serializer);
}

/** Why this broker does not have such an exchange; `null` if it does, or if the URL of the broker is not supported. */
function explainUnsupported({ destination }: Routed, driver: Driver | null): string | null {
  const { exchangeType } = destination;
  if (!driver || destination.exchange === '') return null;
  if (exchangeType === 'fanout' && !driver.fanoutExchanges) return `${formatDestination(destination)} ${NO_FANOUT}`;
  if (exchangeType !== 'headers' || driver.headersExchanges) return null;
  return `${formatDestination(destination)} is a headers exchange, which kombu does not support on ${driver.title}`;
}

const UNBOUND = 'has no queue in taskQueues that is bound to it by this key, and this broker has no other bindings';
const NO_FANOUT =
  'is a fanout exchange, which beat does not support on SQL and SQS; name a queue, or use Redis or RabbitMQ';

/** Reports what is too long for the broker. `routed` is absent if the route is known only when the task is due. */
function checkLimits(task: CheckedTask, routed: Routed | undefined, driver: Driver | null, report: Report): void {
  const limits = driver?.limits;
  if (!limits?.amqp && !limits?.queue && !limits?.fileName) return;
  const destinations = listDestinations(task.options, routed);
  if (limits.amqp) checkAmqp(task, destinations, report);
  else checkQueue(destinations, limits, report);
}

type Field = 'queue' | 'exchange' | 'routingKey';

type Destinations = readonly (readonly [Path, Field, string])[];

/** The destinations by the task's own options, then by routes, each text once. */
function listDestinations(options: MessageOptions, routed: Routed | undefined): Destinations {
  const own: Readonly<Partial<Record<Field, string | undefined>>> = options;
  const found = new Map<string, Destinations[number]>();
  for (const field of ['queue', 'exchange', 'routingKey'] as const) {
    const text = own[field];
    if (text !== undefined) found.set(text, [['options', field], field, text]);
    const routedTo = routed?.destination[field] ?? '';
    if (!found.has(routedTo)) found.set(routedTo, [[], field, routedTo]);
  }
  return [...found.values()];
}

const LABELS: Readonly<Record<Field, string>> = { queue: 'queue', exchange: 'exchange', routingKey: 'routing key' };

/** AMQP's short strings: names, keys and most properties. */
const SHORT = 255;

function checkAmqp(task: CheckedTask, destinations: Destinations, report: Report): void {
  for (const [path, field, text] of destinations) {
    const long = tooLong(text);
    if (long) report(path, path.length > 0 ? long : `its ${LABELS[field]} ${long}`);
  }
  const { taskId, replyTo, headers, stamps, properties } = task.options;
  const { message_id: messageId, type, user_id: userId, app_id: appId } = properties ?? {};
  const fixed = taskId !== undefined && hasTemplate(taskId) ? undefined : taskId;
  const texts = { taskId: fixed, replyTo, messageId, type, userId, appId };
  for (const [option, text] of Object.entries(texts)) {
    const long = tooLong(text ?? '');
    if (long) report(['options', option], long);
  }
  checkNames(headers, ['options', 'headers'], report);
  checkNames(stamps, ['options', 'stamps'], report);
  checkTable(task, report);
}

function tooLong(text: string): string | null {
  const bytes = Buffer.byteLength(text);
  return bytes > SHORT ? `is ${bytes} bytes long in UTF-8; AMQP allows ${SHORT}` : null;
}

function checkNames(value: unknown, path: Path, report: Report): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    const long = tooLong(key);
    if (long) report(here, `its name ${long}`);
    checkNames(inner, here, report);
  }
}

/** The client's buffer for all headers, in bytes. */
const TABLE = 65_536;
/** The size of the headers that every message has. */
const USUAL = 1_024;
/** The size of `argsrepr`, which has 1,024 characters at most. */
const MAX_REPR = 4 * 1_024;

function checkTable({ task, options }: CheckedTask, report: Report): void {
  const { headers = {}, stamps = {}, argsrepr, kwargsrepr, shadow, origin } = options;
  const { groupId, rootId, parentId, taskId } = options;
  const texts = [task, shadow, origin, groupId, rootId, parentId, taskId];
  const shown = [argsrepr, kwargsrepr].map((text) => text?.length ?? MAX_REPR);
  const own = measure([...texts, ...shown.map((length) => 'x'.repeat(length))]) + USUAL;
  const size = own + measure(headers) + measure(stamps);
  if (size <= TABLE) return;
  const path = measure(stamps) > measure(headers) ? ['stamps'] : ['headers'];
  report(
    ['options', ...path],
    `all headers together are about ${Math.ceil(size / 1_024)} KiB; AMQP allows ${TABLE / 1_024}`,
  );
}

/** The bytes of a value in an AMQP table. */
function measure(value: unknown): number {
  if (typeof value === 'string') return 5 + Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 9;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + measure(item), 5);
  return Object.entries(value).reduce((sum, [key, item]) => sum + 1 + Buffer.byteLength(key) + measure(item), 5);
}

function checkQueue(destinations: Destinations, { queue, nul, fileName }: DriverLimits, report: Report): void {
  for (const [path, field, text] of destinations) {
    if (field !== 'queue') continue;
    const its = path.length > 0 ? '' : 'its queue ';
    const { length } = Array.from(text);
    if (queue !== undefined && length > queue) {
      report(path, `${its}is ${length} characters long; kombu's table allows ${queue}`);
    }
    const unusable = fileName && explainFileName(text);
    if (unusable) report(path, `${its}${unusable}`);
    if (nul === false && text.includes('\0')) report(path, `${its}${NO_NUL}`);
  }
}

const NO_NUL = 'contains the character NUL (\\0), which PostgreSQL cannot store';

/** Why the ledger cannot store a name; `null` if it can. */
export function stateNameError(name: string, kind: 'entry' | 'prefix', { driver, scheme }: Endpoint): string | null {
  const limits = driver?.limits;
  if (!limits) return null;
  if (limits.nul === false && name.includes('\0')) return `its name ${NO_NUL}`;
  const [longest, bytes] = [limits[kind], Buffer.byteLength(name)];
  if (longest === undefined || bytes <= longest) return null;
  return `its name is ${bytes} bytes long in UTF-8; the ledger in ${scheme}:// stores at most ${longest}`;
}
