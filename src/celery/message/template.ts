import { DateTime, type DurationLikeObject } from 'luxon';
import { type LazyContext, isLazy, type Lazy } from './lazy.ts';
import type { MessageOptions } from './message.ts';
import { MAX_QUOTED } from '../../schedule/text.ts';
import { checkZone } from '../../schedule/zone/zone-names.ts';
import { formatDiagnostic, type Diagnostic } from '../../util/diagnostic.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { BeatError, describeError } from '../../util/errors.ts';
import { isContainer } from '../../util/is-map.ts';
import { markHandled } from '../../util/promise.ts';
import { truncate } from '../../util/visible.ts';

export type RenderText = (context: LazyContext) => string;

/** `{{ … }}` without braces inside. A backslash before it escapes it. */
const PLACE = /\\?\{\{([^{}]*)\}\}/g;

/** The longest placeholder: long formats and offsets take long to render. UTF-16 units. */
const MAX_PLACE = 200;

const NAMES = ['dueAt', 'due_at', 'entry'];

/**
 * Compiles a text with `{{entry}}` and `{{dueAt}}`, the latter with an offset, a format and a zone:
 * `{{dueAt - 1d | yyyy-MM-dd | Europe/Oslo}}`. Without a format it is ISO 8601 in UTC, with a format it is in
 * `zone`. Other names in braces stay as they are. Returns `null` without placeholders; throws for an invalid one.
 */
export function compileTemplate(text: string, zone: string): RenderText | null {
  if (!text.includes('{{')) return null;
  const parts: (string | RenderText)[] = [];
  let from = 0;
  for (const { index, 0: whole, 1: inside = '' } of text.matchAll(PLACE)) {
    const render = whole.startsWith('\\')
      ? () => whole.slice(1)
      : compilePlaceholder(inside, truncate(whole, MAX_QUOTED), zone);
    if (!render) continue;
    parts.push(text.slice(from, index), render);
    from = index + whole.length;
  }
  if (parts.length === 0) return null;
  parts.push(text.slice(from));
  return (context) => parts.map((part) => (typeof part === 'string' ? part : part(context))).join('');
}

export function hasTemplate(text: string): boolean {
  try {
    return compileTemplate(text, 'UTC') !== null;
  } catch {
    return true;
  }
}

function compilePlaceholder(inside: string, whole: string, zone: string): RenderText | null {
  const [what = '', format, ownZone, ...rest] = inside.split('|').map((part) => part.trim());
  const [, name = '', steps = ''] = /^(\w*)\s*(.*)$/.exec(what) ?? [];
  if (name === 'entry' && steps === '' && format === undefined) return ({ entry }) => entry;
  if (name === 'entry') throw new Error(`${whole}: the entry's name has no format`);
  if (name !== 'dueAt' && name !== 'due_at') {
    const hint = didYouMean(name, NAMES);
    if (name === '' || hint === '') return null;
    throw new Error(`${whole}: unknown${hint} (\\${whole} is the text itself)`);
  }
  if (inside.length > MAX_PLACE) throw new Error(`${whole}: longer than ${MAX_PLACE} characters`);
  if (rest.length > 0) throw new Error(`${whole}: expected {{dueAt | format | zone}}`);
  const move = parseOffset(steps, whole);
  const write = compileFormat(format, whole);
  const there = ownZone ? checkZone(ownZone) : format === undefined ? 'UTC' : zone;
  return ({ dueAt }) => {
    const local = DateTime.fromMillis(dueAt.getTime(), { zone: there, locale: 'en-US' });
    return write(move.reduce((at, step) => at.plus(step), local));
  };
}

/** Letter → luxon's unit, and the number of these units in a year. */
const UNITS: Readonly<Record<string, readonly [keyof DurationLikeObject, inAYear: number]>> = {
  y: ['years', 1],
  mo: ['months', 12],
  w: ['weeks', 52],
  d: ['days', 365],
  h: ['hours', 365 * 24],
  m: ['minutes', 365 * 24 * 60],
  s: ['seconds', 365 * 24 * 3_600],
};

/** Beyond this the year may not have four digits. */
const MAX_YEARS = 1_000;

/** Parses `- 1d`, `+ 1mo 2h`: days and longer are calendar units in the zone, hours and shorter elapsed time. */
function parseOffset(steps: string, whole: string): DurationLikeObject[] {
  if (steps === '') return [];
  const allowed = 'a sign and numbers with y, mo, w, d, h, m or s, such as {{dueAt - 1d}}';
  // Single spaces keep the match of the expression linear.
  const spaced = steps.replace(/\s+/g, ' ');
  if (!/^[+-] ?\d+[a-z]+( ?([+-] ?)?\d+[a-z]+)*$/.test(spaced)) {
    throw new Error(`${whole}: expected after dueAt ${allowed}`);
  }
  let sign = 1;
  let years = 0;
  const moves = Array.from(spaced.matchAll(/([+-])? ?(\d+)([a-z]+)/g), ([, own, count, letters = '']) => {
    if (own) sign = own === '-' ? -1 : 1;
    const unit = Object.hasOwn(UNITS, letters) ? UNITS[letters] : undefined;
    if (!unit) throw new Error(`${whole}: unknown unit "${letters}"; expected ${allowed}`);
    const [name, inAYear] = unit;
    years += Number(count) / inAYear;
    return { [name]: sign * Number(count) };
  });
  if (years > MAX_YEARS) throw new Error(`${whole}: more than ${MAX_YEARS} years away from dueAt`);
  return moves;
}

const SPECIAL: Readonly<Record<string, (at: DateTime) => string>> = {
  iso: (at) => at.toISO()!,
  date: (at) => at.toISODate()!,
  epoch: (at) => String(Math.floor(at.toSeconds())),
};

/** Luxon's tokens that do not depend on a language. */
const TOKENS =
  /^(y|yy|yyyy|yyyyyy|M{1,4}|L{1,4}|d|dd|o|ooo|W|WW|kk|kkkk|E{1,4}|c{1,4}|q|qq|H|HH|h|hh|m|mm|s|ss|S|SSS|u|uu|uuu|a|Z{1,5}|z|X|x|n|nn|ii|iiii)$/;

function compileFormat(format: string | undefined, whole: string): (at: DateTime) => string {
  if (format === undefined) return (at) => at.toUTC().toJSDate().toISOString();
  const special = Object.hasOwn(SPECIAL, format) ? SPECIAL[format] : undefined;
  if (special) return special;
  if (format === '') throw new Error(`${whole}: the format is empty`);
  for (const [run] of format.replace(/'[^']*'/g, '').matchAll(/([a-zA-Z%])\1*/g)) {
    if (TOKENS.test(run)) continue;
    const way = 'formats are like yyyy-MM-dd HH:mm, or iso, date, epoch; other letters go in quotes';
    throw new Error(`${whole}: "${run}" is not a date token; ${way}`);
  }
  return (at) => at.toFormat(format);
}

type Renderer = (context: LazyContext) => unknown;

type ConfigPath = Diagnostic['path'];

interface RenderContext {
  /** The IANA zone of dates with a format. */
  readonly zone: string;
  /** The path of the signature in its entry, for errors of functions. */
  readonly at: ConfigPath;
  readonly report: (path: ConfigPath, message: string) => void;
}

/** Returns a function that renders `lazy` functions and templates at any depth; `null` if the value has none. */
export function buildRenderer(value: unknown, path: ConfigPath, filling: RenderContext): Renderer | null {
  if (isLazy(value)) return (context) => resolveLazy(value, [...filling.at, ...path], context);
  if (typeof value === 'string') {
    try {
      return compileTemplate(value, filling.zone);
    } catch (error) {
      filling.report(path, (error as Error).message);
      return null;
    }
  }
  if (!isContainer(value)) return null;
  const renderers = Object.entries(value).flatMap(([key, item]): [string, Renderer][] => {
    const render = buildRenderer(item, [...path, Array.isArray(value) ? Number(key) : key], filling);
    return render ? [[key, render]] : [];
  });
  if (renderers.length === 0) return null;
  return (context) => {
    const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
    for (const [key, render] of renderers) (copy as Record<string, unknown>)[key] = render(context);
    return copy;
  };
}

/** Whether a value has functions (`lazy`) at any depth. */
export function hasLazy(value: unknown): boolean {
  return isLazy(value) || (isContainer(value) && Object.values(value).some(hasLazy));
}

/** The results of the functions of an occurrence: each function is called once per occurrence. */
const answers = new WeakMap<LazyContext, Map<Lazy<unknown>, unknown>>();

/** Calls a function. Throws a `BeatError` with its path if it throws or returns a promise. */
function resolveLazy(lazy: Lazy<unknown>, path: ConfigPath, context: LazyContext): unknown {
  const known = answers.get(context) ?? new Map<Lazy<unknown>, unknown>();
  answers.set(context, known);
  if (known.has(lazy)) return known.get(lazy);
  let answer: unknown;
  try {
    answer = lazy.compute(context);
  } catch (cause) {
    const message = `the function threw: ${describeError(cause)}`;
    throw new BeatError(formatDiagnostic({ path, message }), { cause });
  }
  if (markHandled(answer)) {
    const message = 'the function returned a promise; it must be synchronous';
    throw new BeatError(formatDiagnostic({ path, message }));
  }
  known.set(lazy, answer);
  return answer;
}

export type RenderTemplates = (text: string) => string;

/** The options that may contain templates. All others determine the destination or have fixed values. */
export const RENDERED_OPTIONS = ['taskId', 'shadow', 'headers'] as const;

export function renderOptions(options: MessageOptions, render: RenderTemplates): MessageOptions {
  const present = RENDERED_OPTIONS.filter((option) => options[option] !== undefined);
  if (present.length === 0) return options;
  const filled = present.map((option) => [option, renderValue(options[option], render)]);
  return { ...options, ...(Object.fromEntries(filled) as MessageOptions) };
}

/** Keys of maps are not rendered. */
function renderValue(value: unknown, render: RenderTemplates): unknown {
  if (typeof value === 'string') return render(value);
  if (Array.isArray(value)) return value.map((item) => renderValue(item, render));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renderValue(item, render)]));
}
