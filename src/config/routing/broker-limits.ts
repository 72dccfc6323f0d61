import type { MessageOptions } from '../../message/message.ts';
import { hasTemplate } from '../../message/template.ts';
import type { Routed } from '../../routing/router.ts';
import { findDriver, type DriverLimits } from '../../drivers/table.ts';
import type { Path, Report } from '../validate.ts';

/** What is checked of one task. */
export interface LimitedTask {
  readonly task: string;
  readonly options: MessageOptions;
  /** Absent where routes can be asked only when the task is due. */
  readonly routed?: Routed | undefined;
}

/** Reports what this broker has no room for, with paths from the entry. */
export type CheckLimits = (task: LimitedTask, report: Report) => void;

/** The limits of the broker in use: without them a message would be refused at every run, or end the connection. */
export function limitsOf(brokerUrl: string): CheckLimits {
  const limits = findDriver(brokerUrl)?.limits;
  if (limits?.amqp) return checkAmqp;
  if (limits?.queue) return (task, report) => checkQueue(task, report, limits);
  return () => {};
}

type Place = 'queue' | 'exchange' | 'routingKey';

/** Where a task goes: its own options, then what routes and settings make of them, each text once. */
function placesOf({ options, routed }: LimitedTask): (readonly [Path, Place, string])[] {
  const own: Readonly<Partial<Record<Place, string | undefined>>> = options;
  const found = new Map<string, readonly [Path, Place, string]>();
  for (const place of ['queue', 'exchange', 'routingKey'] as const) {
    const text = own[place];
    if (text !== undefined) found.set(text, [['options', place], place, text]);
    const routedTo = routed?.destination[place] ?? '';
    if (!found.has(routedTo)) found.set(routedTo, [[], place, routedTo]);
  }
  return [...found.values()];
}

const WORDS: Readonly<Record<Place, string>> = {
  queue: 'queue',
  exchange: 'exchange',
  routingKey: 'routing key',
};

/** AMQP's short strings: names, keys and most properties. */
const SHORT = 255;

function checkAmqp(task: LimitedTask, report: Report): void {
  for (const [path, place, text] of placesOf(task)) {
    const long = tooLong(text);
    if (long) report(path, path.length > 0 ? long : `its ${WORDS[place]} ${long}`);
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
  return bytes > SHORT ? `is ${bytes} bytes long in UTF-8; AMQP takes ${SHORT}` : null;
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

/** The client writes all headers into one buffer of this size. */
const TABLE = 65_536;
/** The headers that every message has, their values of usual length. */
const USUAL = 1_024;
/** Of arguments, as workers show them: 1,024 characters. */
const LONGEST_REPR = 4 * 1_024;

function checkTable({ task, options }: LimitedTask, report: Report): void {
  const { headers = {}, stamps = {}, argsrepr, kwargsrepr, shadow, origin } = options;
  const { groupId, rootId, parentId, taskId } = options;
  const texts = [task, shadow, origin, groupId, rootId, parentId, taskId];
  const shown = [argsrepr, kwargsrepr].map((text) => text?.length ?? LONGEST_REPR);
  const own = sizeOf([...texts, ...shown.map((length) => 'x'.repeat(length))]) + USUAL;
  const size = own + sizeOf(headers) + sizeOf(stamps);
  if (size <= TABLE) return;
  const path = sizeOf(stamps) > sizeOf(headers) ? ['stamps'] : ['headers'];
  report(
    ['options', ...path],
    `all headers together are about ${Math.ceil(size / 1_024)} KiB; AMQP messages have room for ${TABLE / 1_024}`,
  );
}

/** Bytes of a value in a table of AMQP: a letter, then the value, with its length before it if that varies. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 5 + Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 9;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), 5);
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + 1 + Buffer.byteLength(key) + sizeOf(item),
    5,
  );
}

function checkQueue(task: LimitedTask, report: Report, { queue, nul }: DriverLimits): void {
  for (const [path, place, text] of placesOf(task)) {
    if (place !== 'queue') continue;
    const its = path.length > 0 ? '' : 'its queue ';
    const { length } = Array.from(text);
    if (queue !== null && length > queue) {
      const room = `kombu's table has room for ${queue}`;
      report(path, `${its}is ${length} characters long; ${room}`);
    }
    if (!nul && text.includes('\0')) report(path, `${its}${NO_NUL}`);
  }
}

export const NO_NUL = 'holds the character NUL (\\0), which PostgreSQL cannot store';
