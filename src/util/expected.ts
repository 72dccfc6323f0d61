import { maskUrl } from './mask.ts';

/** Keys whose values must not be shown, whether they are valid or not. */
const SECRET = /pass(word|wd|phrase)?$|pwd|secret|token|credential|^(dsn|authorization)$/i;

/** Replaces a value that must not be shown. */
export const HIDDEN = Symbol('hidden');

export const HIDDEN_TEXT = '**';

export function isSecret(path: readonly (string | number)[]): boolean {
  return path.some((name) => SECRET.test(String(name)));
}

/** `expected …, got …`, or `missing; expected …`. */
export function expected(allowed: string, got: unknown): string {
  return got === undefined ? `missing; expected ${allowed}` : `expected ${allowed}, got ${show(got)}`;
}

function show(value: unknown): string {
  if (value === HIDDEN) return 'another value (not shown: it may be a secret)';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : cut(json(value), 'a list');
  if (typeof value === 'object' && value !== null) return cut(json(value), 'a map');
  if (typeof value !== 'string') return String(value);
  return value.length > MAX_TEXT ? `text of ${value.length} characters` : cut(JSON.stringify(value));
}

const MAX_LENGTH = 60;

/** The longest text that is masked and shortened: masking a longer one would take too long. */
const MAX_TEXT = 1_000;

/** The most parts of a list or map that is shown. */
const MAX_PARTS = 100;

/** Masks before it shortens: a part of a password is a secret too. */
function cut(text: string, instead?: string): string {
  const safe = text.includes('://') ? maskUrl(text) : text;
  return safe.length <= MAX_LENGTH ? safe : (instead ?? `${safe.slice(0, MAX_LENGTH)}…`);
}

function json(value: unknown): string {
  let parts = 0;
  try {
    return JSON.stringify(value, (name, inner: unknown) => {
      if ((parts += 1) > MAX_PARTS) throw new RangeError('too long to be shown');
      if (SECRET.test(name)) return HIDDEN_TEXT;
      return typeof inner === 'bigint' ? String(inner) : inner;
    });
  } catch {
    return 'x'.repeat(MAX_LENGTH + 1);
  }
}
