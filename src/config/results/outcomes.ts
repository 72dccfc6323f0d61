import { explainUnreadable } from '../../drivers/open-result-reader.ts';
import { RESULT_BACKENDS } from '../../drivers/result-backend.ts';
import type { ResultOptions } from '../../drivers/open-store.ts';
import type { Report } from '../validate.ts';
import { isKnownBackend } from './results.ts';
import { option } from '../values/option.ts';
import { flag } from '../values/scalars.ts';

/** How runs ended, as workers store it. */
export const outcomesShape = {
  outcomes: option(
    flag(),
    'Whether the leader reads the outcomes of runs from `resultBackend`. See [outcomes](outcomes.md).',
    { default: true, example: false },
  ),
};

/** Whether outcomes are read. A backend that cannot be read is a warning: tasks are published all the same. */
export function readOutcomes(
  { outcomes = true }: { readonly outcomes?: boolean | undefined },
  { backend }: Pick<ResultOptions, 'backend'>,
  warn: Report,
): boolean {
  if (!outcomes || backend === null) return false;
  const reason = explainUnreadable(backend);
  if (reason !== null && isKnownBackend(backend)) {
    warn(['resultBackend'], `${reason}; "outcomes: false" hides this warning`);
  }
  return reason === null;
}

/** Why the outcomes of an entry that limits overlap cannot be read; `null` if they can. */
export function explainNoOutcomes(
  { backend }: Pick<ResultOptions, 'backend'>,
  areRead: boolean,
): string | null {
  if (areRead) return null;
  const needs = `needs the outcomes of earlier runs, from a resultBackend of ${RESULT_BACKENDS}`;
  if (backend === null) return `${needs}; there is none`;
  return explainUnreadable(backend) === null
    ? 'needs the outcomes of earlier runs; "outcomes" is false'
    : `${needs}; got ${backend.masked}`;
}
