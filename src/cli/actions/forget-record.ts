import { decodeAudit } from '../../entries/commands/audit.ts';
import type { Settings } from '../../config/settings.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import { openState } from '../../drivers/open-store.ts';
import type { HistoryPosition } from '../../contracts/store/history.ts';
import type { RepairedRecord } from '../../contracts/store/repair-command.ts';
import type { StateStore } from '../../contracts/store/store.ts';
import { isReadable } from '../../contracts/store/unreadable.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError, StoreError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';
import { writeLine } from '../output/write-lines.ts';

/** Rows or messages that one query reads. */
const PAGE = 500;

/** Removes unreadable records, and never others: of the history of an entry, or the one of an id. */
export async function forgetRecord(
  record: RepairedRecord,
  name: string,
  settings: Settings,
): Promise<void> {
  const store = await openState(storeOptions(settings, systemClock));
  try {
    await writeLine(await REMOVALS[record](store, name));
  } finally {
    await store.close();
  }
}

const REMOVALS: Record<RepairedRecord, (store: StateStore, name: string) => Promise<string>> = {
  history: removeRows,
  audit: removeAudit,
  outbox: removeMessage,
};

async function removeRows({ history }: StateStore, entry: string): Promise<string> {
  if (!history) throw new ConfigError('--history: history: false disables the history');
  const positions: HistoryPosition[] = [];
  for (let before: HistoryPosition | undefined; ;) {
    const { rows, next } = await history.read(entry, { limit: PAGE, before });
    for (const row of rows) if (!isReadable(row)) positions.push(row.id);
    if (next === null) break;
    before = next;
  }
  const of = `of the history of entry ${JSON.stringify(entry)}`;
  if (positions.length === 0) return `All rows ${of} can be read: nothing to remove`;
  await history.removeRows(entry, positions);
  return `Removed unreadable rows ${of}: ${thousands(positions.length)}`;
}

async function removeAudit({ commands }: StateStore, id: string): Promise<string> {
  const what = `audit row of command ${JSON.stringify(id)}`;
  const json = (await commands.findAudit([id])).get(id);
  if (json === undefined) throw new ConfigError(`--audit: there is no ${what}`);
  if (isReadable(decodeAudit({ id, json })))
    throw new ConfigError(`--audit: the ${what} can be read; beat removes only unreadable ones`);
  await commands.removeAudit(id);
  return `Removed the unreadable ${what}`;
}

/** Begins a term, as only the newest term removes messages; the leader begins another one. */
async function removeMessage({ ledger }: StateStore, id: string): Promise<string> {
  const what = `message ${JSON.stringify(id)} in the outbox`;
  const found = await findMessage(ledger, id);
  if (!found) throw new ConfigError(`--outbox: there is no ${what}`);
  if (isReadable(found))
    throw new ConfigError(`--outbox: the ${what} can be read; beat removes only unreadable ones`);
  if (await ledger.remove(await ledger.beginTerm(), [id])) return `Removed the unreadable ${what}`;
  throw new StoreError('forget: another instance began a new term; try again');
}

async function findMessage(ledger: StateStore['ledger'], id: string) {
  for (let after = ''; ;) {
    const page = await ledger.pending(PAGE, after);
    const found = page.find((each) => each.id === id);
    const last = page.at(-1);
    if (found || !last) return found;
    after = last.id;
  }
}
