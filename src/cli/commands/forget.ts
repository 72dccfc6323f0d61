import { systemClock } from '../../util/clock.ts';
import type { Settings } from '../../config/settings.ts';
import { ConfigError, StoreError } from '../../util/errors.ts';
import type { LedgerRecord } from '../../store/ledger.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import { openState } from '../../drivers/open-store.ts';
import { reconcile } from '../../scheduling/plan.ts';
import type { StateStore } from '../../store/store.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { settingsOf, type GlobalFlags } from '../flags/options.ts';

/** How often it is tried while other instances begin terms of their own. */
const TRIES = 5;

/** `beat forget NAME`: removes what the ledger has of an entry, so that its schedule counts from now. */
export async function forget(
  given: string,
  flags: GlobalFlags & { readonly quoted?: boolean },
): Promise<ExitCode> {
  const name = flags.quoted ? unquoted(given) : given;
  const settings = await settingsOf(flags);
  const store = await openState(storeOptions(settings, systemClock));
  try {
    const found = await recordOf(store, settings, name);
    if (found === null) {
      process.stdout.write(`Entry ${JSON.stringify(name)} has no record: nothing to forget\n`);
      return EXIT.ok;
    }
    await remove(store, settings, name);
    process.stdout.write(`${removedText(name, found)}\n`);
    return EXIT.ok;
  } finally {
    await store.close();
  }
}

/** What is to be removed; `null` when there is nothing. Throws a `ConfigError` for a name nowhere to be found. */
async function recordOf(
  store: StateStore,
  { entries }: Settings,
  name: string,
): Promise<LedgerRecord | 'unreadable' | null> {
  const unreadable = new Set<string>();
  const records = await store.ledger.load((entry) => unreadable.add(entry));
  if (unreadable.has(name)) return 'unreadable';
  const names = new Set([...entries.map((entry) => entry.name), ...records.keys(), ...unreadable]);
  if (!names.has(name)) {
    throw new ConfigError(`no entry ${JSON.stringify(name)}${didYouMean(name, [...names])}`);
  }
  return records.get(name) ?? null;
}

/**
 * Removes the record in a term of its own, so that a leader can commit nothing that it decided before. A
 * configured entry gets a new record at once: the next leader, which may come later, then counts from now.
 */
async function remove({ ledger }: StateStore, settings: Settings, name: string): Promise<void> {
  const entry = settings.entries.find((each) => each.name === name);
  for (let tries = 0; tries < TRIES; tries++) {
    const term = await ledger.beginTerm();
    if (!(await ledger.removeRecord(term, name))) continue;
    const fresh = reconcile(entry, undefined, systemClock.now());
    if (!fresh) return;
    const change = { entry: name, expected: null, record: fresh.record, messages: [] };
    // A leader that began its term meanwhile has written the same, or will.
    await ledger.commit(term, [change]);
    return;
  }
  throw new StoreError('forget: other instances begin terms all the time; try again');
}

function removedText(name: string, record: LedgerRecord | 'unreadable'): string {
  const what = `Removed the record of entry ${JSON.stringify(name)}`;
  if (record === 'unreadable')
    return `${what}, which could not be read: its schedule counts from now`;
  const { runCount, sentAt } = record;
  const last = sentAt === null ? 'never sent' : `last sent ${new Date(sentAt).toISOString()}`;
  return `${what} (${runCount} runs, ${last}): its schedule counts from now`;
}

function unquoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return value;
  } catch {
    // Said below.
  }
  throw new ConfigError(
    `--quoted takes a JSON string such as '"a\\u0000b"', not ${JSON.stringify(text)}`,
  );
}
