import { maskText } from './mask.ts';

/** One thing that is wrong with a configuration, in words for its author. */
export interface Problem {
  /** What is wrong: what came, what is allowed, and the nearest right name where there is one. */
  readonly message: string;
  /** Keys and indexes from the root of the configuration to the value. */
  readonly path: readonly (string | number)[];
  /** The file it stands in; absent for a configuration made in code. */
  readonly file?: string | undefined;
  /** The line in that file, from 1; absent where the format has none. */
  readonly line?: number | undefined;
}

/** How many problems are written out one by one. */
const MOST_SHOWN = 50;

/** Problems one a line; of very many the first, and the rest counted by kind. */
export function formatProblems(problems: readonly Problem[]): string {
  // One more than fifty is shorter than the sentence that would count it.
  if (problems.length <= MOST_SHOWN + 1) return problems.map(formatProblem).join('\n');
  const shown = problems.slice(0, MOST_SHOWN).map(formatProblem);
  const rest = problems.slice(MOST_SHOWN);
  return [...shown, `and ${grouped(rest.length)} more: ${countByKind(rest)}`].join('\n');
}

/** What problems have in common, by how their messages begin or end. */
const KINDS: readonly (readonly [kind: string, message: RegExp])[] = [
  ['unknown keys', /^unknown/],
  ['missing values', /^missing/],
  ['values that are not allowed', /^expected/],
  ['repeated names', /^stands here again|^an entry of this name|^another queue is called/],
];

function countByKind(problems: readonly Problem[]): string {
  const counts = new Map<string, number>();
  for (const { message } of problems) {
    const kind = KINDS.find(([, pattern]) => pattern.test(message))?.[0] ?? 'of other kinds';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const parts = [...counts].toSorted(([, a], [, b]) => b - a);
  return parts.map(([kind, count]) => `${grouped(count)} ${kind}`).join(', ');
}

/** `9,950` */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `schedules/team.yaml:12: beatSchedule.cleanup.schedule: …`, in one line and of a bearable length. */
export function formatProblem({ file, line, path, message }: Problem): string {
  const place = file === undefined ? '' : line === undefined ? `${file}: ` : `${file}:${line}: `;
  const within = path.length === 0 ? '' : `${formatPath(path)}: `;
  const whole = `${place}${within}${shorten(maskText(message))}`;
  // What beat says of no place may be several lines, such as how to begin.
  return place + within === '' ? escapeControls(whole) : inOneLine(whole);
}

const LONGEST_KEY = 200;

function formatPath(path: Problem['path']): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      const name = key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}…` : key;
      if (!/^[\w$-]+$/.test(name)) return `[${JSON.stringify(name)}]`;
      return i === 0 ? name : `.${name}`;
    })
    .join('');
}

const LONGEST_QUOTE = 1_000;
const LONGEST_MESSAGE = 4_000;

/** Cuts what is quoted in it first, so that what is said about that stays. */
function shorten(message: string): string {
  if (message.length <= LONGEST_QUOTE) return message;
  const short = message.replace(/"([^"]{100})[^"]{900,}"/g, (_, start: string) => `"${start}…"`);
  return short.length <= LONGEST_MESSAGE ? short : `${short.slice(0, LONGEST_MESSAGE)}…`;
}

/** Control characters, those that turn the direction of text, and separators of lines and paragraphs. */
const CONTROLS = /[\p{Cc}\p{Bidi_C}\u2028\u2029\ufeff]/gu;

/** With control characters as escapes: a terminal would obey them. Line breaks stay. */
function escapeControls(text: string): string {
  return text.replace(CONTROLS, (sign) => (sign === '\n' ? sign : escapeOf(sign)));
}

/** The same, and without a line break: one in a name would forge a line of the log. */
function inOneLine(text: string): string {
  return text.replace(CONTROLS, escapeOf);
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOf(sign: string): string {
  return SHORT[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
