import type { MessageOptions } from '../../celery/message/message.ts';
import { hasTemplate } from '../../celery/message/template.ts';
import type { Routed } from '../../celery/routing/router.ts';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { DriverLimits } from '../../drivers/table.ts';
import type { Path, Report } from '../validate.ts';

interface LimitedTask {
  readonly task: string;
  readonly options: MessageOptions;
  /** Absent if the route is known only when the task is due. */
  readonly routed?: Routed | undefined;
}

/** Reports texts and tables that are too long for this broker, with paths from the entry. */
export type CheckLimits = (task: LimitedTask, report: Report) => void;

/** Returns the checks for a broker, which would reject such messages or close the connection. */
export function brokerLimits({ driver }: Endpoint): CheckLimits {
  const limits = driver?.limits;
  if (limits?.amqp) return checkAmqp;
  if (limits?.queue) return (task, report) => checkQueue(task, report, limits);
  return () => {};
}

type Field = 'queue' | 'exchange' | 'routingKey';

/** The destinations by the task's own options, then by routes, each text once. */
function listDestinations({ options, routed }: LimitedTask): (readonly [Path, Field, string])[] {
  const own: Readonly<Partial<Record<Field, string | undefined>>> = options;
  const found = new Map<string, readonly [Path, Field, string]>();
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

function checkAmqp(task: LimitedTask, report: Report): void {
  for (const [path, field, text] of listDestinations(task)) {
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

function checkTable({ task, options }: LimitedTask, report: Report): void {
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

function checkQueue(task: LimitedTask, report: Report, { queue, nul }: DriverLimits): void {
  for (const [path, field, text] of listDestinations(task)) {
    if (field !== 'queue') continue;
    const its = path.length > 0 ? '' : 'its queue ';
    const { length } = Array.from(text);
    if (queue !== undefined && length > queue) {
      report(path, `${its}is ${length} characters long; kombu's table allows ${queue}`);
    }
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
