import { ConfigError, describeError } from '../../util/errors.ts';
import type { Path, Report } from '../validate.ts';

/** Runs `make`, and reports what it throws as errors at the path. */
export function attempt<T>(make: () => T, path: Path, report: Report): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.errors) report([...path, ...problem.path], problem.message);
    } else {
      report(path, describeError(error));
    }
    return undefined;
  }
}
