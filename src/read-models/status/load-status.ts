import type { Definitions } from '../../entries/catalog/definition.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import type { History } from '../../contracts/store/history.ts';
import type { Instances } from '../../contracts/store/instances.ts';
import type { Ledger } from '../../contracts/store/ledger.ts';
import type { StoredEntries } from '../../contracts/store/stored-entries.ts';
import { isUnreadable } from '../../contracts/store/unreadable.ts';
import { formatIso } from '../../util/format-iso.ts';
import { readStatus, viewLastOutcome } from './entry-status.ts';
import {
  findEntries,
  readStored,
  readStoredPages,
  UnreadableStates,
  type EntryRecord,
  type EntrySource,
} from './read-entries.ts';
import type { InstanceRow, StatusRow } from './shapes.ts';

type LatestRows = Pick<History, 'latest'> | undefined;

const PAGE = 1_000;
/** The rows of an entry among which its newest outcome is found. */
const RECENT = 10;

/** The status at `now` (epoch ms) of declared entries, in their order, then unreadable states of other entries. */
export async function loadStatus(
  { ledger, history }: { readonly ledger: Pick<Ledger, 'load' | 'findStates'>; readonly history?: LatestRows },
  entries: readonly Entry[],
  now: number,
): Promise<readonly StatusRow[]> {
  const errors = new UnreadableStates();
  const states = await ledger.load(errors.add);
  // Declared entries without a state here may be stored, too.
  const others = entries.map(({ name }) => name).filter((name) => !states.has(name));
  for (const [name, state] of await ledger.findStates(others, errors.add)) states.set(name, state);
  const records = entries.map((entry) => errors.join(entry, states));
  return toRows(history, [...records, ...errors.without(entries)], now);
}

/** The status at `now` (epoch milliseconds) of stored entries, in the order in which they are due. */
export async function* loadStoredStatus(
  { entries, history }: { readonly entries: StoredEntries; readonly history?: LatestRows },
  definitions: Definitions,
  now: number,
): AsyncGenerator<StatusRow> {
  for await (const page of readStoredPages(entries, PAGE)) {
    const records = page.map((row) => readStored(row, definitions));
    yield* await toRows(history, records, now);
  }
}

export type FoundEntry = EntryRecord & { readonly row: StatusRow };

/** Finds an entry by its name; `null` if there is none. `now` is in epoch milliseconds. */
export async function findStatus(source: EntrySource, name: string, now: number): Promise<FoundEntry | null> {
  const [record] = await findEntries(source, [name]);
  if (!record) return null;
  const [row] = await toRows(source.store.history, [record], now);
  return { ...record, row: row! };
}

/** The status of these entries at `now`: declared ones first. Entries that do not exist are left out. */
export async function findStatuses(
  source: EntrySource,
  names: readonly string[],
  now: number,
): Promise<readonly StatusRow[]> {
  return toRows(source.store.history, await findEntries(source, names), now);
}

/** The status of entries, with their newest outcomes from one query, or none if the history cannot be read. */
export async function toRows(
  history: LatestRows,
  records: readonly EntryRecord[],
  now: number,
): Promise<readonly StatusRow[]> {
  const names = records.flatMap(({ name, error }) => (error === undefined ? name : []));
  const isEmpty = !history || names.length === 0;
  const latest = isEmpty ? null : await history.latest(names, RECENT).catch(() => null);
  return records.map((record): StatusRow => {
    if (record.error !== undefined) {
      const { name, source, error } = record;
      return { entry: name, source, error };
    }
    const status = readStatus(record.entry, record.state, now);
    if (!latest) return status;
    const newest = latest.get(record.name)?.find((row) => row.kind === 'outcome');
    return { ...status, lastOutcome: newest ? viewLastOutcome(newest) : null };
  });
}

/** The instances that were seen lately: the leader first, then by host and start. */
export async function listInstances(instances: Instances): Promise<readonly InstanceRow[]> {
  const found = await instances.list();
  return found.map((row) => (isUnreadable(row) ? row : { ...row, startedAt: formatIso(row.startedAt) }));
}
