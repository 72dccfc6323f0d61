import type { HistoryItem } from '../../read-models/history/join-runs.ts';
import { readItems } from '../../read-models/history/load-history.ts';
import { viewItem } from '../../read-models/history/view.ts';
import { findStatus } from '../../read-models/status/load-status.ts';
import { systemClock } from '../../util/system-clock.ts';
import { thousands } from '../../util/thousands.ts';
import { formatDuration } from '../../util/format-duration.ts';
import { truncate } from '../../util/visible.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { readWhole } from '../flags/values.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatCell, formatTable } from '../output/table.ts';
import { writeLine, writeLines } from '../output/write-lines.ts';
import { rejectUnknown, withHistory } from './with-store.ts';

export interface HistoryFlags extends GlobalFlags {
  readonly failed?: boolean;
  readonly limit: string;
  readonly json?: boolean;
}

/** `beat history NAME`: prints the runs and skipped stretches of an entry, newest first. */
export async function history(name: string, flags: HistoryFlags): Promise<ExitCode> {
  const limit = readWhole('--limit', flags.limit, 1_000_000);
  const settings = await readSettings(flags);
  return withHistory(settings, async ({ history: rows, source }) => {
    const items = await readItems(rows, name, { limit, failed: flags.failed === true });
    const found = await findStatus(source, name, systemClock.now());
    // An entry that was removed still has a history.
    if (!found && items.length === 0) rejectUnknown(source, name);
    if (flags.json) {
      for (const item of items) await writeLine(JSON.stringify(viewItem(name, item)));
      return EXIT.ok;
    }
    const zone = found?.entry?.schedule.timezone ?? settings.timezone;
    await writeLines(items.length > 0 ? formatItems(items, zone) : [describeNothing(name, flags)]);
    return EXIT.ok;
  });
}

function describeNothing(name: string, { failed }: HistoryFlags): string {
  return failed ? `no run of ${formatCell(name)} failed, as far as recorded` : `${formatCell(name)} has no history yet`;
}

type Column = readonly [heading: string, cell: (item: HistoryItem, zone: string) => string];

const COLUMNS: readonly Column[] = [
  ['DUE', (item, zone) => formatDue(item, zone)],
  ['LATE', (item) => (item.kind === 'run' ? formatDuration(item.sentAt - item.dueAt) : '')],
  ['CAUSE', (item, zone) => formatCause(item, zone)],
  ['QUEUE', (item) => (item.kind === 'run' ? item.queue : '')],
  ['LEADER', (item) => (item.kind === 'run' ? item.leader : '')],
  ['TASK ID', (item) => (item.kind === 'run' ? item.taskId : '')],
];

const OUTCOME: readonly Column[] = [
  ['STATE', (item) => (item.kind === 'run' ? (item.outcome?.state ?? '') : '')],
  ['RUNTIME', (item) => formatRuntime(item)],
  ['WORKER', (item) => (item.kind === 'run' ? (item.outcome?.worker ?? '') : '')],
  ['ERROR', (item) => (item.kind === 'run' ? firstLine(item.outcome?.error ?? '') : '')],
];

/** Formats a table, with the columns of outcomes if any run has an outcome. */
function formatItems(items: readonly HistoryItem[], zone: string): readonly string[] {
  const hasOutcomes = items.some((item) => item.kind === 'run' && item.outcome);
  const columns = hasOutcomes ? [...COLUMNS, ...OUTCOME] : COLUMNS;
  const table = formatTable(
    columns.map(([heading]) => heading),
    items.map((item) => columns.map(([, cell]) => cell(item, zone))),
  );
  const unreadable = items.find((item) => item.kind === 'unreadable');
  return unreadable ? [...table, `unreadable rows are removed with: ${unreadable.repair}`] : table;
}

/** The due time of an item; for an unreadable row, the time when it was written. */
function formatDue(item: HistoryItem, zone: string): string {
  if (item.kind === 'unreadable') {
    return item.at === null ? 'unreadable' : formatInZone(Date.parse(item.at), zone);
  }
  return formatInZone(item.kind === 'run' ? item.dueAt : item.first, zone);
}

function formatCause(item: HistoryItem, zone: string): string {
  if (item.kind === 'unreadable') return `unreadable: ${item.reason}`;
  return item.kind === 'run' ? item.cause : describeSkip(item, zone);
}

function describeSkip({ first, last, count, reason }: Extract<HistoryItem, { kind: 'skip' }>, zone: string): string {
  if (first === last) return `skipped: ${reason}`;
  const many = count === null ? 'very many' : thousands(count);
  return `skipped: ${reason} (${many}, until ${formatInZone(last, zone)})`;
}

function formatRuntime(item: HistoryItem): string {
  const runtime = item.kind === 'run' ? (item.outcome?.runtimeMs ?? null) : null;
  return runtime === null ? '' : formatDuration(runtime);
}

function firstLine(text: string): string {
  return truncate(text.split('\n', 1)[0]!, 79);
}
