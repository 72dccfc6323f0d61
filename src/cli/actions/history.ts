import type { HistoryItem } from '../../read-models/history/join-runs.ts';
import { readItems } from '../../read-models/history/load-history.ts';
import { viewItem } from '../../read-models/history/view.ts';
import { findStatus } from '../../read-models/status/load-status.ts';
import { systemClock } from '../../util/system-clock.ts';
import { thousands } from '../../util/thousands.ts';
import { formatDuration } from '../../util/format-duration.ts';
import { truncate } from '../../util/visible.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, readWhole, type JsonFlags } from '../flags/options.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatCell, formatRecords, type TableColumn, writeJson, writeLines } from '../output/lines.ts';
import { unknownEntry, withHistory } from './with-store.ts';

interface HistoryFlags extends JsonFlags {
  readonly failed?: boolean;
  readonly limit: string;
}

/** `beat history NAME`: prints the runs and skipped stretches of an entry, newest first. */
export async function history(flags: HistoryFlags, name: string): Promise<ExitCode> {
  const { json, failed = false } = flags;
  const limit = readWhole('--limit', flags.limit, 1_000_000);
  const settings = await readSettings(flags);
  return withHistory(settings, async ({ history: rows, source }) => {
    const items = await readItems(rows, name, { limit, failed });
    const found = await findStatus(source, name, systemClock.now());
    if (!found && items.length === 0) {
      // An entry that was removed still has a history.
      const names = settings.entries.map((entry) => entry.name);
      throw unknownEntry(name, names);
    }
    const zone = found?.entry?.schedule.timezone ?? settings.timezone;
    const shown = formatCell(name);
    if (json) for (const item of items) await writeJson(viewItem(name, item));
    else if (items.length > 0) await writeLines(formatItems(items, zone));
    else await writeLines([failed ? `no run of ${shown} failed, as far as recorded` : `${shown} has no history yet`]);
    return EXIT.ok;
  });
}

/** Formats a table, with the columns of outcomes if any run has an outcome. */
function formatItems(items: readonly HistoryItem[], zone: string): readonly string[] {
  const ofRun = (cell: (run: Extract<HistoryItem, { kind: 'run' }>) => string) => (item: HistoryItem) =>
    item.kind === 'run' ? cell(item) : '';
  const columns: TableColumn<HistoryItem>[] = [
    ['DUE', (item) => formatDue(item, zone)],
    ['LATE', ofRun(({ sentAt, dueAt }) => formatDuration(sentAt - dueAt))],
    ['CAUSE', (item) => formatCause(item, zone)],
    ['QUEUE', ofRun(({ queue }) => queue)],
    ['LEADER', ofRun(({ leader }) => leader)],
    ['TASK ID', ofRun(({ taskId }) => taskId)],
  ];
  if (items.some((item) => item.kind === 'run' && item.outcome)) {
    columns.push(
      ['STATE', ofRun(({ outcome }) => outcome?.state ?? '')],
      ['RUNTIME', ofRun(({ outcome }) => formatRuntime(outcome?.runtimeMs ?? null))],
      ['WORKER', ofRun(({ outcome }) => outcome?.worker ?? '')],
      ['ERROR', ofRun(({ outcome }) => truncate((outcome?.error ?? '').split('\n', 1)[0]!, 79))],
    );
  }
  const unreadable = items.find((item) => item.kind === 'unreadable');
  const repair = unreadable ? [`unreadable rows are removed with: ${unreadable.repair}`] : [];
  return [...formatRecords(columns, items), ...repair];
}

function formatRuntime(ms: number | null): string {
  return ms === null ? '' : formatDuration(ms);
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
  if (item.kind === 'run') return item.cause;
  const { first, last, count, reason } = item;
  if (first === last) return `skipped: ${reason}`;
  const many = count === null ? 'very many' : thousands(count);
  return `skipped: ${reason} (${many}, until ${formatInZone(last, zone)})`;
}
