import { formatIso } from '../../util/format-iso.ts';
import type { Context } from 'hono';
import type { HttpEnv } from '../context.ts';

/**
 * The paths of an entry's pages. Browsers resolve the segments `.` and `..` of a path, also percent-encoded ones, so
 * the pages of entries with such names have the name in the query.
 */

export const ENTRY_PATHS = ['/entries/:name', '/entry'];
export const WHY_PATHS = ['/entries/:name/why', '/why'];

export function readName({ req }: Context<HttpEnv>): string {
  return req.param('name') ?? req.query('name') ?? '';
}

export function entryPath(name: string, query: Readonly<Record<string, string>> = {}): string {
  if (isDots(name)) return withQuery('/entry', { name, ...query });
  return withQuery(`/entries/${encodeURIComponent(name)}`, query);
}

/** The page that explains an instant, epoch milliseconds; without one, it explains the present. */
export function whyPath(name: string, at?: number): string {
  const query = at === undefined ? {} : { at: formatIso(at) };
  if (isDots(name)) return withQuery('/why', { name, ...query });
  return withQuery(`/entries/${encodeURIComponent(name)}/why`, query);
}

/** The target of the form that asks for an instant, and the name of the entry if the form sends it as a field. */
export function whyForm(name: string): { readonly action: string; readonly name: string | null } {
  return isDots(name) ? { action: '/why', name } : { action: whyPath(name), name: null };
}

function isDots(name: string): boolean {
  return name === '.' || name === '..';
}

function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}?${text}`;
}
