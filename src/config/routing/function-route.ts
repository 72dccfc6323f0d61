import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { markHandled } from '../../util/promise.ts';
import type { Route } from '../../celery/routing/routes.ts';
import type { RouteFunction } from '../config-types.ts';
import { reportIllFormed } from '../../celery/message/arguments.ts';
import { plainData } from '../source/plain-data.ts';
import type { Path, Report } from '../validate.ts';
import type { CheckAccepted } from '../message/accept-content.ts';
import { readRoute } from './route.ts';

/**
 * A user's function as a route whose results are validated. It throws a `ConfigError` with the path of the function
 * for an invalid result and for an exception of the function.
 */
export function functionRoute(
  route: RouteFunction,
  path: Path,
  checkAccepted: CheckAccepted,
): Route {
  return (task, args, kwargs, options) => {
    const result = call(() => route(task, args, kwargs, options), path, task);
    if (result === null || result === undefined) return null;
    const errors: Diagnostic[] = [];
    const report: Report = (inner, message) => {
      const where = inner.length > 0 ? `${inner.join('.')}: ` : '';
      errors.push(errorAt(path, `what it returns for "${task}": ${where}${message}`));
    };
    const data = plainData(result, report);
    if (errors.length > 0) throw new ConfigError(errors);
    reportIllFormed(data, [], report);
    const found = readRoute(data, [], report, checkAccepted);
    if (!found || errors.length > 0) throw new ConfigError(errors);
    return found;
  };
}

function call(run: () => unknown, path: Path, task: string): unknown {
  let message = `what it returns for "${task}": a promise; a route cannot wait`;
  try {
    const result = run();
    if (!markHandled(result)) return result;
  } catch (error) {
    message = `the function threw for "${task}": ${describeError(error)}`;
  }
  throw new ConfigError([errorAt(path, message)]);
}
