import type { EntryStatus } from '../../read-models/status/shapes.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatDuration } from '../../util/format-duration.ts';
import { formatTable } from './table.ts';

/** The lines of a table of entries with their states. Instants are in the zone of the entry, else in `zone`. */
export function formatEntries(rows: readonly EntryStatus[], zone: string): readonly string[] {
  const at: Show = (iso, own) => (iso === null ? 'never' : formatInZone(Date.parse(iso), own ?? zone));
  const columns: Column[] = [
    ['ENTRY', ({ entry }) => entry],
    ['TASK', ({ task }) => task],
    ['SCHEDULE', ({ schedule }) => schedule],
    ['LAST SENT', ({ lastSentAt, timezone }) => at(lastSentAt, timezone)],
    ['RUNS', ({ runCount }) => String(runCount)],
    ['NEXT DUE', (row) => formatNext(row, at)],
  ];
  if (rows.some(({ lastOutcome }) => lastOutcome)) columns.push(['LAST OUTCOME', formatOutcome]);
  // Most tables have no skipped occurrence to show.
  if (rows.some(({ lastSkipped }) => lastSkipped)) {
    columns.push(['LAST SKIPPED', (row) => formatSkipped(row, at)]);
  }
  return formatTable(
    columns.map(([heading]) => heading),
    rows.map((row) => columns.map(([, cell]) => cell(row))),
  );
}

type Column = readonly [heading: string, cell: (row: EntryStatus) => string];
type Show = (iso: string | null, zone: string | null) => string;

function formatNext({ enabled, paused, nextDueAt, timezone }: EntryStatus, show: Show): string {
  if (!enabled) return 'disabled';
  if (!paused) return show(nextDueAt, timezone);
  return paused.until === null ? 'paused' : `paused; ${show(nextDueAt, timezone)}`;
}

function formatOutcome({ lastOutcome }: EntryStatus): string {
  if (!lastOutcome) return '';
  const { state, runtimeMs } = lastOutcome;
  return runtimeMs === null ? state : `${state} (${formatDuration(runtimeMs)})`;
}

function formatSkipped({ lastSkipped, timezone }: EntryStatus, show: Show): string {
  return lastSkipped ? `${show(lastSkipped.dueAt, timezone)} (${lastSkipped.reason})` : '';
}
