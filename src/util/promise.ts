import { isPromise } from 'node:util/types';

/** Whether a value is a promise, whose rejection it marks as handled: users' functions may return one by mistake. */
export function markHandled(answer: unknown): boolean {
  if (!isPromise(answer)) return false;
  answer.catch(() => {});
  return true;
}
