import { formatIso } from '../../util/format-iso.ts';
import { systemClock } from '../../util/system-clock.ts';
import type { Settings } from '../../config/settings.ts';
import { ConfigError, StoreError } from '../../util/errors.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { planAdoption } from '../../entries/planning/adopt.ts';
import { readStoredEntry } from '../../entries/catalog/definition.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { HistoryPosition } from '../../contracts/store/history.ts';
import { isReadable, type RepairedRecord } from '../../contracts/store/unreadable.ts';
import { decodeAudit } from '../../entries/commands/audit.ts';
import { thousands } from '../../util/thousands.ts';
import type { StateStore } from '../../contracts/store/store.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { unknownEntry, withStore } from './with-store.ts';
import { writeLine } from '../output/lines.ts';
import { runAtOnce } from '../../util/steps.ts';

interface ForgetFlags extends GlobalFlags, Readonly<Partial<Record<RepairedRecord, boolean>>> {
  readonly quoted?: boolean;
}

const PAGE = 500;

const ATTEMPTS = 5;

/** `beat forget NAME`: removes the state of an entry from the ledger; its schedule restarts from now. With a flag it removes unreadable records. */
export async function forget(flags: ForgetFlags, given: string): Promise<ExitCode> {
  const name = flags.quoted ? parseQuoted(given) : given;
  const settings = await readSettings(flags);
  const [, removeRecord] = Object.entries(REMOVALS).find(([record]) => flags[record as RepairedRecord]) ?? [];
  const answer = await withStore(settings, (store) =>
    removeRecord ? removeRecord(store, name) : forgetState(store, settings, name),
  );
  await writeLine(answer);
  return EXIT.ok;
}

/** Removes the state of an entry. Returns a text for the user about what was removed. */
async function forgetState(store: StateStore, settings: Settings, name: string): Promise<string> {
  const { state, ...entry } = await findTarget(store, settings, name);
  const shown = JSON.stringify(name);
  if (state === null) return `Entry ${shown} has no state: nothing to forget`;
  await replaceState(store, { name, ...entry });
  const end = 'its schedule restarts from now';
  if (state === 'unreadable') return `Removed the state of entry ${shown}, which could not be read: ${end}`;
  const { runCount, sentAt } = state;
  const last = sentAt === null ? 'never sent' : `last sent ${formatIso(sentAt)}`;
  return `Removed the state of entry ${shown} (${runCount} runs, ${last}): ${end}`;
}

interface Target {
  /** `undefined` if the entry is gone from the configuration. */
  readonly entry: Entry | undefined;
  /** The due time in the index of stored definitions; `undefined` for an entry that is not stored. */
  readonly indexedAt: number | null | undefined;
}

type FoundState = EntryState | 'unreadable' | null;

/** Finds the entry and its state by name. Throws a `ConfigError` for an unknown name and for an invalid definition. */
async function findTarget(
  store: StateStore,
  { entries, definitions }: Settings,
  name: string,
): Promise<Target & { readonly state: FoundState }> {
  let state: FoundState = null;
  const states = await store.ledger.findStates([name], () => {
    state = 'unreadable';
  });
  state ??= states.get(name) ?? null;
  const declared = entries.find((each) => each.name === name);
  const [row] = await store.entries.find([name]);
  const indexedAt = row?.dueAt;
  if (declared || (state && !row)) return { entry: declared, indexedAt, state };
  // An invalid definition throws here: its next due time cannot be computed.
  if (row) return { entry: readStoredEntry({ ...row, state: null }, definitions).entry, indexedAt, state };
  const known = await store.ledger.load(() => {});
  throw unknownEntry(name, [...entries.map((each) => each.name), ...known.keys()]);
}

/** Removes the state in a new term, which fences the leader. An existing entry gets a new state, to start now. */
async function replaceState({ ledger }: StateStore, target: Target & { readonly name: string }): Promise<void> {
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    const term = await ledger.beginTerm();
    if (!(await ledger.removeState(term, target.name))) continue;
    const { changed } = runAtOnce(planAdoption([{ ...target, state: undefined }], systemClock.now()));
    const changes = changed.map(({ change }) => change);
    // A leader that has begun its term since then fences this commit and writes the same state.
    if (changes.length > 0) await ledger.commit({ token: term, changes });
    return;
  }
  throw new StoreError(`forget: other instances began new terms during all ${ATTEMPTS} attempts; try again`);
}

function parseQuoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return value;
  } catch {
    // Reported below.
  }
  throw new ConfigError(`--quoted: expected a JSON string such as '"a\\u0000b"', got ${JSON.stringify(text)}`);
}

/** Removes unreadable records, never readable ones: from the history of an entry, or the record with an id. */
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

/** Removes an unreadable message in a new term: only the newest term may. The leader then begins another one. */
async function removeMessage({ ledger }: StateStore, id: string): Promise<string> {
  const what = `message ${JSON.stringify(id)} in the outbox`;
  const found = await findMessage(ledger, id);
  if (!found) throw new ConfigError(`--outbox: there is no ${what}`);
  if (isReadable(found)) throw new ConfigError(`--outbox: the ${what} can be read; beat removes only unreadable ones`);
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
