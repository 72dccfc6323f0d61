import { systemClock } from '../../util/clock.ts';
import type { Settings } from '../../config/settings.ts';
import { ConfigError, StoreError } from '../../util/errors.ts';
import type { EntryState } from '../../store/entry-state.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import { openState } from '../../drivers/open-store.ts';
import { reconcile } from '../../scheduling/plan.ts';
import type { StateStore } from '../../store/store.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';

/** The number of attempts while other instances begin terms of their own. */
const ATTEMPTS = 5;

/** `beat forget NAME`: removes the state of an entry from the ledger; its schedule restarts from now. */
export async function forget(
  given: string,
  flags: GlobalFlags & { readonly quoted?: boolean },
): Promise<ExitCode> {
  const name = flags.quoted ? parseQuoted(given) : given;
  const settings = await readSettings(flags);
  const store = await openState(storeOptions(settings, systemClock));
  try {
    const found = await findState(store, settings, name);
    if (found === null) {
      process.stdout.write(`Entry ${JSON.stringify(name)} has no state: nothing to forget\n`);
      return EXIT.ok;
    }
    await remove(store, settings, name);
    process.stdout.write(`${formatRemoved(name, found)}\n`);
    return EXIT.ok;
  } finally {
    await store.close();
  }
}

/** Returns the state to remove, `null` for none. Throws a `ConfigError` for a name that is neither configured nor stored. */
async function findState(
  store: StateStore,
  { entries }: Settings,
  name: string,
): Promise<EntryState | 'unreadable' | null> {
  const unreadable = new Set<string>();
  const states = await store.ledger.load((entry) => unreadable.add(entry));
  if (unreadable.has(name)) return 'unreadable';
  const names = new Set([...entries.map((entry) => entry.name), ...states.keys(), ...unreadable]);
  if (!names.has(name)) {
    throw new ConfigError(`no entry ${JSON.stringify(name)}${didYouMean(name, [...names])}`);
  }
  return states.get(name) ?? null;
}

/**
 * Removes the state in a new term, so that the leader cannot commit decisions that it made before. A
 * configured entry gets a new state at once, so that its schedule starts now and not at the next term.
 */
async function remove({ ledger }: StateStore, settings: Settings, name: string): Promise<void> {
  const entry = settings.entries.find((each) => each.name === name);
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    const term = await ledger.beginTerm();
    if (!(await ledger.removeState(term, name))) continue;
    const fresh = reconcile(entry, undefined, systemClock.now());
    if (!fresh) return;
    const change = { entry: name, before: null, after: fresh.state, messages: [] };
    // A leader that began its term since then writes the same state.
    await ledger.commit({ token: term, changes: [change] });
    return;
  }
  throw new StoreError(
    `forget: other instances began new terms during all ${ATTEMPTS} attempts; try again`,
  );
}

function formatRemoved(name: string, state: EntryState | 'unreadable'): string {
  const what = `Removed the state of entry ${JSON.stringify(name)}`;
  if (state === 'unreadable')
    return `${what}, which could not be read: its schedule restarts from now`;
  const { runCount, sentAt } = state;
  const last = sentAt === null ? 'never sent' : `last sent ${new Date(sentAt).toISOString()}`;
  return `${what} (${runCount} runs, ${last}): its schedule restarts from now`;
}

function parseQuoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return value;
  } catch {
    // Reported below.
  }
  throw new ConfigError(
    `--quoted: expected a JSON string such as '"a\\u0000b"', got ${JSON.stringify(text)}`,
  );
}
