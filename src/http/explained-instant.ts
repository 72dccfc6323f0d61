import {
  EXACT_INSTANT_FORMS,
  parseExactInstant,
  parseInstant,
  sendableOrNull,
} from '../celery/message/parse-instant.ts';
import { loadWhy } from '../read-models/history/load-history.ts';
import { findEntries } from '../read-models/status/read-entries.ts';
import { entrySource, type HttpContext } from './context.ts';
import { unknownEntry, type Problem } from './problem.ts';

/** Finds the entry of a request, to explain its instants, or the problem to answer with. Rejects with a `StoreError`. */
export async function findExplained(context: HttpContext, name: string) {
  const { store, settings, clock } = context;
  const now = clock.now();
  const [found] = await findEntries(entrySource(context), [name]);
  if (!found) return unknownEntry(name);
  if (found.error !== undefined) return { status: 409, detail: found.error } satisfies Problem;
  const { history, commands } = store;
  const { schedule } = found.entry;
  return {
    /** The rule of its schedule in words. */
    rule: schedule.description ?? schedule.spec,
    zone: schedule.timezone ?? settings().timezone,
    /** The present in whole seconds. */
    now: now - (now % 1_000),
    /** `show` formats the instants of sentences. Rejects with a `StoreError`. */
    explain: (at: number, show: (at: number) => string) => loadWhy({ history, commands }, found, at, { now, show }),
  };
}

export const REQUEST_INSTANT_FORMS = `${EXACT_INSTANT_FORMS}, in the years 1 to 9999`;

/** Parses an instant of the API to epoch milliseconds; `null` without an offset, or outside the range of ISO 8601. */
export function readExactInstant(text: string): number | null {
  return sendableOrNull(parseExactInstant(withPlus(text)));
}

/** Parses an instant of a page to epoch milliseconds: local to the zone without an offset. `null` if invalid. */
export function readLocalInstant(text: string, zone: string): number | null {
  return sendableOrNull(parseInstant(withPlus(text), zone));
}

/** Restores the plus sign of an offset: in a query, a plus sign that is not encoded means a space. */
function withPlus(text: string): string {
  return text.replace(/(T\d\d:?\d\d\S*) (\d\d:?\d\d)$/i, '$1+$2');
}
