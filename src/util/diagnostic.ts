import { thousands } from './thousands.ts';
import { maskText } from './mask.ts';
import { escapeLine, escapeLines, truncate } from './visible.ts';

/** An error or a warning about a configuration, for its author. */
export interface Diagnostic {
  /** A configuration with an error is rejected; one with warnings only can be used. */
  readonly severity: 'error' | 'warning';
  /** What is wrong: the value found, the values allowed, and the closest valid name if there is one. */
  readonly message: string;
  /** Keys and indexes from the root of the configuration to the value. */
  readonly path: readonly (string | number)[];
  /** The configuration file; absent for a configuration made in code. */
  readonly file?: string | undefined;
  /** The line in that file, from 1; absent where the format has no lines. */
  readonly line?: number | undefined;
}

/** Reports one error or warning: its path (canonical keys, from the root of the configuration) and its message. */
export type Report = (path: Diagnostic['path'], message: string) => void;

/** The most problems reported for one value: suggestions take time, and it may have a hundred thousand. */
export const MAX_PROBLEMS = 20;

export function errorAt(path: Diagnostic['path'], message: string): Diagnostic {
  return { severity: 'error', path, message };
}

/** The number of diagnostics that are shown one by one. */
const MAX_SHOWN = 50;

/** Formats diagnostics one per line; shows the first fifty and counts the rest by kind. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[]): string {
  // One more line is shorter than the sentence that would count it.
  if (diagnostics.length <= MAX_SHOWN + 1) return diagnostics.map(formatDiagnostic).join('\n');
  const shown = diagnostics.slice(0, MAX_SHOWN).map(formatDiagnostic);
  const rest = diagnostics.slice(MAX_SHOWN);
  return [...shown, `and ${thousands(rest.length)} more: ${countByKind(rest)}`].join('\n');
}

/** Kinds of diagnostics, recognized by how their messages begin. */
const KINDS: readonly (readonly [kind: string, message: RegExp])[] = [
  ['unknown keys', /^unknown/],
  ['missing values', /^missing/],
  ['values that are not allowed', /^expected/],
  ['repeated names', /^repeated key|^an entry of this name|^another queue is called/],
];

function countByKind(diagnostics: readonly Diagnostic[]): string {
  const kindOf = ({ message }: Diagnostic) => KINDS.find(([, pattern]) => pattern.test(message))?.[0];
  const groups = [...Map.groupBy(diagnostics, kindOf)].toSorted(([, a], [, b]) => b.length - a.length);
  return groups.map(([kind = 'of other kinds', { length }]) => `${thousands(length)} ${kind}`).join(', ');
}

/** Formats as `schedules/team.yaml:12: beatSchedule.cleanup.schedule: …`, in one line of limited length. */
export function formatDiagnostic({ file, line, path, message }: Omit<Diagnostic, 'severity'>): string {
  const location = file === undefined ? '' : line === undefined ? `${file}: ` : `${file}:${line}: `;
  const key = path.length === 0 ? '' : `${formatPath(path)}: `;
  const prefix = location + key;
  const text = prefix + shorten(maskText(message));
  // A message about the configuration as a whole, such as how to create one, may have several lines.
  return prefix === '' ? escapeLines(text) : escapeLine(text);
}

const MAX_KEY = 200;

function formatPath(path: Diagnostic['path']): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      const name = truncate(key, MAX_KEY);
      if (!/^[\w$-]+$/.test(name)) return `[${JSON.stringify(name)}]`;
      return i === 0 ? name : `.${name}`;
    })
    .join('');
}

const MAX_QUOTE = 1_000;
const MAX_MESSAGE = 4_000;

/** Shortens the quoted values of a long message before the message itself, so that its explanation stays. */
function shorten(message: string): string {
  if (message.length <= MAX_QUOTE) return message;
  const short = message.replace(/"([^"]{100})[^"]{900,}"/g, (_, start: string) => `"${start}…"`);
  return truncate(short, MAX_MESSAGE);
}
