import { inspectHeaders } from '../../celery/message/arguments.ts';
import { isInstant } from '../../celery/message/parse-instant.ts';
import { expected, type Path, type Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';

/** A header that workers read, the type that they accept, and the option that sets it. */
interface Known {
  readonly allowed: string;
  readonly fits: (value: unknown) => boolean;
  readonly option?: string;
}

const text: Known = { allowed: 'text', fits: isText };
const textOrNull: Known = { allowed: 'text or null', fits: orNull(isText) };
const instant: Known = {
  allowed: 'an instant as text, such as 2030-01-31T08:00:00+00:00, or null',
  fits: orNull(isIso),
};
const count: Known = { allowed: 'a whole number, not negative', fits: isCount };

/** Headers that workers do not check: a value of another type crashes the worker, or the task never runs. */
const KNOWN: Readonly<Record<string, Known>> = {
  lang: text,
  shadow: { ...textOrNull, option: 'shadow' },
  eta: { ...instant, option: 'eta' },
  expires: { ...instant, option: 'expires' },
  group: { ...textOrNull, option: 'group_id' },
  group_index: { allowed: 'a whole number, not negative, or null', fits: orNull(isCount), option: 'group_index' },
  retries: { ...count, option: 'retries' },
  timelimit: {
    allowed: '[seconds, seconds], the hard limit first, each a number or null',
    fits: orNull(isLimits),
    option: 'time_limit and soft_time_limit',
  },
  root_id: { ...textOrNull, option: 'root_id' },
  parent_id: { ...textOrNull, option: 'parent_id' },
  argsrepr: { ...text, option: 'argsrepr' },
  kwargsrepr: { ...text, option: 'kwargsrepr' },
  origin: { ...textOrNull, option: 'origin' },
  ignore_result: {
    allowed: 'true, false or null',
    fits: orNull((value) => typeof value === 'boolean'),
    option: 'ignore_result',
  },
  replaced_task_nesting: { ...count, option: 'replaced_task_nesting' },
  stamped_headers: {
    allowed: 'a list of text, or null',
    fits: orNull((value) => Array.isArray(value) && value.every(isText)),
    option: 'stamps',
  },
  stamps: { allowed: 'a map, or null', fits: orNull(isMap), option: 'stamps' },
  headers: { allowed: 'a map, or null', fits: orNull(isMap) },
  periodic_task_name: text,
};

/** Headers that beat sets itself, which must not have another value. */
const TAKEN: Readonly<Record<string, string>> = {
  id: 'the id of the task; write the option task_id',
  task: 'the name of the task; write task, beside the schedule',
  compression: 'how the body is compressed; write the option compression',
  beat_due_at: "the nominal instant, which is beat's to say",
};

const OF_THE_REQUEST =
  'workers make headers attributes of the request that tasks see, where this name is taken; use another';

/**
 * Attributes of Celery's `Context`: a header of the same name makes the task fail or loses its result. Recorded in
 * test/conformance/context-headers-*.jsonl.
 */
const RESERVED: ReadonlySet<string> = new Set(
  ('get clear update as_execution_options children _children _get_custom_headers ' + '_filter_x_death_headers').split(
    ' ',
  ),
);

export function checkHeaders(headers: unknown, path: Path, report: Report): void {
  if (!isMap(headers)) return;
  inspectHeaders(headers, path, report);
  for (const [name, value] of Object.entries(headers)) {
    const taken = Object.hasOwn(TAKEN, name) ? TAKEN[name] : undefined;
    if (taken !== undefined) report([...path, name], taken);
    if (RESERVED.has(name)) report([...path, name], OF_THE_REQUEST);
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    if (!known || known.fits(value)) continue;
    const way = known.option === undefined ? '' : ` (workers read it; see the option ${known.option})`;
    report([...path, name], `${expected(known.allowed, value)}${way}`);
  }
}

/** Stamps are sent as headers. */
export function checkStamps(stamps: unknown, path: Path, report: Report): void {
  if (isMap(stamps)) inspectHeaders(stamps, path, report);
}

function orNull(fits: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === null || fits(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
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
