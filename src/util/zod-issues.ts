import type { z } from 'zod';
import type { Diagnostic } from './diagnostic.ts';
import { expected, HIDDEN, isSecret } from './expected.ts';

type Path = Diagnostic['path'];

export interface IssueReports {
  readonly report: (path: Path, message: string) => void;
  /** Called with all unknown keys of the map at the path. */
  readonly reportUnknown: (path: Path, keys: readonly string[]) => void;
}

/** Reports why a schema rejects a value. The texts of schemas say what is allowed; this adds what was found. */
export function reportIssues({ issues }: z.ZodError, value: unknown, { report, reportUnknown }: IssueReports): void {
  for (const issue of issues) {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      reportUnknown(path, issue.keys);
      continue;
    }
    const found = valueAt(value, path);
    report(path, expected(issue.message, found !== undefined && isSecret(path) ? HIDDEN : found));
  }
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((here, key) => (here as Record<string | number, unknown> | undefined)?.[key], value);
}
