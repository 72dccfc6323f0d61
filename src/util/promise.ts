import { isPromise } from 'node:util/types';

/**
 * Returns whether a value is a promise, and marks its rejection as handled. A promise that a user's function
 * returned by mistake is not awaited, and its rejection would end the process.
 */
export function markHandled(answer: unknown): boolean {
  if (!isPromise(answer)) return false;
  answer.catch(() => {});
  return true;
}
