import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpSettings } from '../../config/service/http.ts';
import type { Permission } from './permission.ts';

type Tokens = Pick<HttpSettings, 'readToken' | 'changeToken'>;

/** What the token permits; `null` for a wrong one. Takes the same time for every wrong token. */
export function checkToken(given: string, { readToken, changeToken }: Tokens): Permission | null {
  const mayRead = isEqual(given, readToken);
  const mayChange = isEqual(given, changeToken);
  if (mayChange) return 'change';
  return mayRead ? 'read' : null;
}

/** The configured token with that permission; `null` if there is none. */
export function tokenFor(permission: Permission, tokens: Tokens): string | null {
  return permission === 'change' ? tokens.changeToken : tokens.readToken;
}

/** Compares digests, which have one length, so that the time says nothing about the token. */
function isEqual(given: string, token: string | null): boolean {
  return timingSafeEqual(digest(given), digest(token ?? '')) && token !== null;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
