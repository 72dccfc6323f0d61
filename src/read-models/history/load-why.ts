import type { Entry } from '../../entries/catalog/entry.ts';
import { decodeAnswer } from '../../entries/commands/audit.ts';
import { AUDIT_ROWS, type CommandLog } from '../../contracts/store/command-log.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { History } from '../../contracts/store/history.ts';
import { explain, type Known, type LoadedWhy, type Why } from './explain.ts';
import { readSince } from './read-history.ts';

/** Where the history of an entry and the commands to it are read. */
export interface WhySource {
  /** Absent where none is retained: it is not known what became of occurrences. */
  readonly history?: History | undefined;
  readonly commands: Pick<CommandLog, 'readAudit'>;
}

const NO_ROWS = { rows: [], isComplete: false };

/** Explains an instant (epoch milliseconds) of an entry. Rejects with a `StoreError` when the store cannot be read. */
export async function loadWhy(
  { history, commands }: WhySource,
  { entry, state }: { readonly entry: Entry; readonly state: EntryState | null },
  at: number,
  { now, show }: Pick<Known, 'now' | 'show'>,
): Promise<LoadedWhy> {
  const audit = (await commands.readAudit(AUDIT_ROWS)).flatMap(
    (stored) => decodeAnswer(stored) ?? [],
  );
  const explainAt = async (instant: number): Promise<Why> => {
    const rows = history ? await readSince(history, entry.name, instant) : NO_ROWS;
    return explain({ entry, state, ...rows }, instant, { commands: audit, now, show });
  };
  const found = await explainAt(at);
  const { account, previous, next } = found;
  const near = async (instant: number | null) =>
    account !== null || instant === null ? null : explainAt(instant);
  return { found, before: await near(previous), after: await near(next) };
}
