import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { errorPage, type Problems } from './pages/layout.ts';

/** An error in the form of RFC 9457. */
export interface Problem {
  readonly status: ContentfulStatusCode;
  readonly detail?: string | undefined;
  readonly errors?: Problems | undefined;
}

export function unknownEntry(name: string): Problem {
  return { status: 404, detail: `there is no entry ${JSON.stringify(name)}` };
}

/** Answers with `application/problem+json`, or with a page if a browser asked for one. */
export function problem(c: Context, { status, detail, ...given }: Problem): Response | Promise<Response> {
  const errors = given.errors?.map(({ path, message }) => ({ path, message }));
  const title = STATUS_CODES[status] ?? 'Error';
  const isPage = !given.errors && !c.req.path.startsWith('/api/');
  if (isPage && c.req.header('accept')?.includes('text/html')) return c.html(errorPage(status, title, detail), status);
  const body = { type: 'about:blank', title, status, detail, errors };
  return c.body(JSON.stringify(body), status, { 'Content-Type': 'application/problem+json' });
}
