import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { markHandled } from '../../util/promise.ts';
import type { Route } from '../../routing/routes.ts';
import type { RouteFunction } from '../define/routing.ts';
import { reportIllFormed } from '../../message/well-formed.ts';
import { plainData } from '../source/plain-data.ts';
import type { Path, Report } from '../validate.ts';
import type { CheckAccepted } from '../message/accept-content.ts';
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
    const errors: Diagnostic[] = [];
    const report: Report = (inner, message) => {
      const where = inner.length > 0 ? `${inner.join('.')}: ` : '';
      errors.push(errorAt(path, `what it returns for "${task}": ${where}${message}`));
    };
    const data = plainData(answer, report);
    if (errors.length > 0) throw new ConfigError(errors);
    reportIllFormed(data, [], report);
    const found = readRoute(data, [], report, checkAccepted);
    if (!found || errors.length > 0) throw new ConfigError(errors);
    return found;
  };
}

function ask(call: () => unknown, path: Path, task: string): unknown {
  let message = `what it returns for "${task}": a promise; a route cannot wait`;
  try {
    const answer = call();
    if (!markHandled(answer)) return answer;
  } catch (error) {
    message = `the function threw for "${task}": ${describeError(error)}`;
  }
  throw new ConfigError([errorAt(path, message)]);
}
