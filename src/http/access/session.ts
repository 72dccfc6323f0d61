import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, getSignedCookie, setSignedCookie } from 'hono/cookie';
import type { HttpSettings } from '../../config/service/http.ts';
import { parseJson } from '../../util/decode/json.ts';
import type { HttpEnv, Permission } from '../context.ts';
import type { Client } from './client-address.ts';

type Tokens = Pick<HttpSettings, 'readToken' | 'changeToken'>;

/** What the token permits; `null` for a wrong one. Takes the same time for every wrong token. */
export function checkToken(given: string, { readToken, changeToken }: Tokens): Permission | null {
  const mayRead = isEqual(given, readToken);
  if (isEqual(given, changeToken)) return 'change';
  return mayRead ? 'read' : null;
}

/** The configured token with that permission; `null` if there is none. */
function tokenFor(permission: Permission, tokens: Tokens): string | null {
  return permission === 'change' ? tokens.changeToken : tokens.readToken;
}

/** Compares digests, which have one length, so that the time says nothing about the token. */
function isEqual(given: string, token: string | null): boolean {
  return timingSafeEqual(digest(given), digest(token ?? '')) && token !== null;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const COOKIE = 'beat-session';
/** The lifetime of a session, seconds. */
const LIFETIME = 12 * 3_600;

interface Session {
  readonly permission: Permission;
  /** The name that the user gave, for the audit log; may be empty. */
  readonly name: string;
}

/** Logs in with a cookie that is signed with the token: all instances accept it until the token changes. */
export async function startSession(
  c: Context<HttpEnv>,
  session: Session,
  { now, client }: { readonly now: number; readonly client: Client },
): Promise<void> {
  const until = now + LIFETIME * 1_000;
  const value = Buffer.from(JSON.stringify({ ...session, until })).toString('base64url');
  const secret = tokenFor(session.permission, c.var.http) ?? '';
  await setSignedCookie(c, COOKIE, `${session.permission}.${value}`, secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    secure: client.isEncrypted,
    maxAge: LIFETIME,
  });
}

/** Whether the request has a session's cookie, valid or not. */
export function hasSessionCookie(c: Context<HttpEnv>): boolean {
  return getCookie(c, COOKIE) !== undefined;
}

/** The session of the request's cookie; `null` without a valid one. `now` is in epoch milliseconds. */
export async function readSession(c: Context<HttpEnv>, now: number): Promise<Session | null> {
  for (const permission of ['change', 'read'] as const) {
    const secret = tokenFor(permission, c.var.http);
    const value = secret !== null && (await getSignedCookie(c, secret, COOKIE));
    if (!value || !value.startsWith(`${permission}.`)) continue;
    const json = Buffer.from(value.slice(permission.length + 1), 'base64url').toString();
    const { name, until } = parseJson(json) as Session & { readonly until: number };
    return until > now ? { permission, name } : null;
  }
  return null;
}

export function endSession(c: Context<HttpEnv>): void {
  deleteCookie(c, COOKIE, { path: '/' });
}
