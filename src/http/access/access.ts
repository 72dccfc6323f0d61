import { isUtf8 } from 'node:buffer';
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { HTTPException } from 'hono/http-exception';
import { isLoopback } from '../../config/service/http.ts';
import type { Access, HttpContext, HttpEnv } from '../context.ts';
import { problem } from '../problem.ts';
import { findClient } from './client-address.ts';
import { hasSessionCookie, readSession, checkToken } from './session.ts';

export const identify = ({ clock }: Pick<HttpContext, 'clock'>) =>
  createMiddleware<HttpEnv>(async (c, next) => {
    c.set('access', await findAccess(c, clock.now()));
    await next();
  });

/** Finds out what a request may do at `now`, epoch milliseconds. */
export async function findAccess(c: Context<HttpEnv>, now: number): Promise<Access> {
  const { http } = c.var;
  const client = findClient(c);
  const by = `http@${client.address}`;
  const token = findToken(c);
  if (token !== null) return { permission: checkToken(token, http), by, method: 'token' };
  const user = http.trustedUserHeader !== null && c.req.header(http.trustedUserHeader);
  if (user && client.viaProxy) return { permission: 'change', by: decodeHeader(user), method: 'proxy' };
  const session = await readSession(c, now);
  if (session) {
    const { permission, name } = session;
    return { permission, by: name === '' ? by : `${name} (${by})`, method: 'session' };
  }
  if (isOpen(c)) return { permission: 'read', by, method: 'open' };
  return { permission: null, by, method: 'none' };
}

/** Decodes a header, which Node reads as Latin-1: as UTF-8 if it is valid UTF-8, in which proxies send names. */
function decodeHeader(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : value;
}

/** The token; empty if malformed, `null` if there is none. Other schemes are of proxies, which may pass them on. */
function findToken(c: Context<HttpEnv>): string | null {
  const given = c.req.header('authorization') ?? '';
  if (!/^Bearer\b/i.test(given)) return null;
  return /^Bearer +(\S+)$/i.exec(given)?.[1] ?? '';
}

/**
 * Whether reading needs no token: beat listens on a loopback address, and no token for reading is set. A page of
 * another site could reach that address under a name of its own (DNS rebinding), so the request must name a loopback
 * host.
 */
function isOpen(c: Context<HttpEnv>): boolean {
  const { host, readToken, trustedUserHeader } = c.var.http;
  if (readToken !== null || trustedUserHeader !== null || !isLoopback(host)) return false;
  return isLoopback(new URL(c.req.url).hostname.replace(/^\[|\]$/g, ''));
}

/** Rejects a request that may not read. Browsers, which send no token, are sent to the login page. */
export const requireRead = createMiddleware<HttpEnv>(async (c, next) => {
  const { permission, method } = c.var.access;
  if (permission !== null) return next();
  const isBrowser =
    method !== 'token' && !c.req.path.startsWith('/api/') && (c.req.header('accept') ?? '').includes('text/html');
  if (isBrowser) {
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(`/login?next=${encodeURIComponent(pathname + search)}`, 303);
  }
  c.header('WWW-Authenticate', 'Bearer');
  return problem(c, { status: 401 });
});

/** Rejects a request that may not send commands. */
export const requireChange = createMiddleware<HttpEnv>(async (c, next) => {
  if (c.var.access.permission === 'change') return next();
  const detail =
    c.var.http.changeToken === null
      ? 'commands over HTTP are off: set http.changeToken or BEAT_HTTP_CHANGE_TOKEN'
      : 'this token may only read; commands need http.changeToken';
  return problem(c, { status: 403, detail });
});

/**
 * Rejects requests that pages of other sites make a browser send. A request with a token is accepted: browsers add no
 * token by themselves. Without `Sec-Fetch-Site`, as from old browsers, `Origin` decides; without both, only JSON
 * without a session is accepted, as programs send it.
 */
export const rejectOtherSites = createMiddleware<HttpEnv>(async (c, next) => {
  if (/^(GET|HEAD|OPTIONS)$/.test(c.req.method) || findToken(c) !== null) return next();
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const isOwnPage = site === undefined ? origin === new URL(c.req.url).origin : site === 'same-origin';
  const isProgram = site === undefined && origin === undefined && isJson(c) && !hasSessionCookie(c);
  if (isOwnPage || isProgram) return next();
  const message = 'the request does not come from a page of beat (Sec-Fetch-Site, Origin); programs send a token';
  throw new HTTPException(403, { message });
});

/** Whether the body is JSON. A page of another site could send it only if this server consented (CORS). */
function isJson(c: Context<HttpEnv>): boolean {
  return /^application\/json\b/i.test(c.req.header('content-type') ?? '');
}
