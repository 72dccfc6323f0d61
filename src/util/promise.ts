import { isPromise } from 'node:util/types';

/**
 * Whether a user's function answered a promise where beat wants the answer itself. Nobody waits for it
 * then, so nobody would hear that it failed, and what nobody hears ends the process: it is heard here.
 */
export function markHandled(answer: unknown): boolean {
  if (!isPromise(answer)) return false;
  answer.catch(() => {});
  return true;
}
