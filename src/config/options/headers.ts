import { inspectHeaders } from '../../celery/message/arguments.ts';
import { isInstant } from '../../celery/message/parse-instant.ts';
import { expected, type Path, type Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';

/** A header that workers read: the type that they accept, and the option that sets it. */
type Known = readonly [allowed: string, fits: (value: unknown) => boolean, option?: string];

const TEXT = ['text', isText] as const;
const TEXT_OR_NULL = ['text or null', orNull(isText)] as const;
const INSTANT = ['an instant as text, such as 2030-01-31T08:00:00+00:00, or null', orNull(isIso)] as const;
const COUNT = ['a whole number, not negative', isCount] as const;
const MAP = ['a map, or null', orNull(isMap)] as const;
const LIMITS = '[seconds, seconds], the hard limit first, each a number or null';

/** Headers that workers do not check: a value of another type crashes the worker, or the task never runs. */
const KNOWN = new Map<string, Known>([
  ['lang', TEXT],
  ['shadow', [...TEXT_OR_NULL, 'shadow']],
  ['eta', [...INSTANT, 'eta']],
  ['expires', [...INSTANT, 'expires']],
  ['group', [...TEXT_OR_NULL, 'group_id']],
  ['group_index', ['a whole number, not negative, or null', orNull(isCount), 'group_index']],
  ['retries', [...COUNT, 'retries']],
  ['timelimit', [LIMITS, orNull(isLimits), 'time_limit and soft_time_limit']],
  ['root_id', [...TEXT_OR_NULL, 'root_id']],
  ['parent_id', [...TEXT_OR_NULL, 'parent_id']],
  ['argsrepr', [...TEXT, 'argsrepr']],
  ['kwargsrepr', [...TEXT, 'kwargsrepr']],
  ['origin', [...TEXT_OR_NULL, 'origin']],
  ['ignore_result', ['true, false or null', orNull((value) => typeof value === 'boolean'), 'ignore_result']],
  ['replaced_task_nesting', [...COUNT, 'replaced_task_nesting']],
  ['stamped_headers', ['a list of text, or null', orNull(isTexts), 'stamps']],
  ['stamps', [...MAP, 'stamps']],
  ['headers', MAP],
  ['periodic_task_name', TEXT],
]);

/** Headers that beat sets itself, which must not have another value. */
const TAKEN = new Map([
  ['id', 'the id of the task; write the option task_id'],
  ['task', 'the name of the task; write task, beside the schedule'],
  ['compression', 'how the body is compressed; write the option compression'],
  ['beat_due_at', "the nominal instant, which is beat's to say"],
]);

const OF_THE_REQUEST =
  'workers make headers attributes of the request that tasks see, where this name is taken; use another';

/**
 * Attributes of Celery's `Context`: a header of the same name makes the task fail or loses its result. Recorded in
 * test/conformance/context-headers-*.jsonl.
 */
const RESERVED: ReadonlySet<string> = new Set([
  ...['get', 'clear', 'update', 'as_execution_options', 'children', '_children'],
  ...['_get_custom_headers', '_filter_x_death_headers'],
]);

export function checkHeaders(headers: unknown, path: Path, report: Report): void {
  if (!isMap(headers)) return;
  inspectHeaders(headers, path, report);
  for (const [name, value] of Object.entries(headers)) {
    const taken = TAKEN.get(name);
    if (taken !== undefined) report([...path, name], taken);
    if (RESERVED.has(name)) report([...path, name], OF_THE_REQUEST);
    const [allowed = '', fits, option] = KNOWN.get(name) ?? [];
    if (!fits || fits(value)) continue;
    const way = option === undefined ? '' : ` (workers read it; see the option ${option})`;
    report([...path, name], `${expected(allowed, value)}${way}`);
  }
}

export function checkSentHeaders(options: unknown, report: Report): void {
  if (!isMap(options)) return;
  checkHeaders(options['headers'], ['options', 'headers'], report);
  if (isMap(options['stamps'])) inspectHeaders(options['stamps'], ['options', 'stamps'], report);
}

function orNull(fits: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === null || fits(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isLimits(value: unknown): boolean {
  const seconds = (each: unknown) => each === null || (typeof each === 'number' && Number.isFinite(each) && each >= 0);
  return Array.isArray(value) && value.length === 2 && value.every(seconds);
}

/** The part of ISO 8601 that every version of Celery parses. */
const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

function isIso(value: unknown): boolean {
  return typeof value === 'string' && ISO.test(value) && isInstant(value);
}
