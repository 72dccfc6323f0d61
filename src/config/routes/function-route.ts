import { ConfigError, type Problem } from '../../errors.ts';
import { disown } from '../../promise.ts';
import type { Route } from '../../routing/routes.ts';
import type { RouteFunction } from '../define/routing.ts';
import { reportIllFormed } from '../../message/well-formed.ts';
import type { Path, Report } from '../problems.ts';
import type { CheckAccepted } from '../service/accept-content.ts';
import { readRoute } from './route.ts';

/**
 * A user's function as a route whose answers are checked. It throws a `ConfigError`, of the place where
 * the function stands, for an answer that is none and for whatever the function throws.
 */
export function functionRoute(
  route: RouteFunction,
  path: Path,
  checkAccepted: CheckAccepted,
): Route {
  return (task, args, kwargs, options) => {
    const answer = ask(() => route(task, args, kwargs, options), path, task);
    if (answer === null || answer === undefined) return null;
    const problems: Problem[] = [];
    const report: Report = (inner, message) => {
      const where = inner.length > 0 ? `${inner.join('.')}: ` : '';
      problems.push({ path, message: `what it returns for "${task}": ${where}${message}` });
    };
    reportIllFormed(answer, [], report);
    const found = readRoute(answer, [], report, checkAccepted);
    if (!found || problems.length > 0) throw new ConfigError(problems);
    return found;
  };
}

function ask(call: () => unknown, path: Path, task: string): unknown {
  let answer: unknown;
  try {
    answer = call();
  } catch (error) {
    const message = `the function threw for "${task}": ${String(error)}`;
    throw new ConfigError([{ path, message }]);
  }
  if (!disown(answer)) return answer;
  const message = `what it returns for "${task}": a promise; a route cannot wait`;
  throw new ConfigError([{ path, message }]);
}
