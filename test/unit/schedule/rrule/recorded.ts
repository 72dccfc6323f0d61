import { readFileSync } from 'node:fs';

/** A rule, and the local times that python-dateutil finds. */
export interface Recorded {
  readonly rrule: string;
  readonly dtstart: string;
  readonly after: string;
  readonly until: string;
  readonly due: readonly string[];
}

/** The recordings of test/conformance/rrule.jsonl. */
export function readRecorded(): readonly Recorded[] {
  const url = new URL('../../../conformance/rrule.jsonl', import.meta.url);
  const rows = readFileSync(url, 'utf8').trim().split('\n').slice(1);
  return rows.map((row) => JSON.parse(row) as Recorded);
}
