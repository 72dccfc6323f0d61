import type { Catalog } from '../../entries/catalog/catalog.ts';
import type { Definitions } from '../../entries/catalog/definition.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import type { MessageContext } from '../../entries/compose/message-context.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { FinishedCommand } from '../../contracts/store/command-log.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { Ledger } from '../../contracts/store/ledger.ts';
import type { StoredEntry } from '../../contracts/store/stored-entries.ts';
import { formatIso } from '../../util/format-iso.ts';
import type { Clock } from '../../util/clock.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { thousands } from '../../util/thousands.ts';
import { describeError } from '../../util/errors.ts';
import type { PlanCommitter } from './plan-committer.ts';
import type { Decision } from '../../entries/planning/decide.ts';
import {
  planChange,
  planEdit,
  type PlannedChange,
  type StoredEdit,
  type StoredTarget,
} from '../../entries/planning/planned-change.ts';
import { explainState, readStoredEntry, readStoredTarget } from '../../entries/planning/read-stored-entry.ts';
import type { ScheduledEntries } from './scheduled-entries.ts';
import type { StoredSource } from './stored-window.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import type { Term } from './term.ts';

export interface CommandEngineOptions {
  readonly catalog: Catalog;
  readonly ledger: Pick<Ledger, 'findStates'>;
  /** Absent where the store cannot hold entries. */
  readonly stored?: StoredSource | undefined;
  readonly scheduled: ScheduledEntries;
  readonly committer: PlanCommitter;
  readonly messageContext: () => MessageContext;
  readonly clock: Clock;
  readonly events: Events;
}

/** An enabled entry with its state, or why there is none, for the answer to a command. */
export type Found =
  | { readonly kind: 'found'; readonly entry: Entry; readonly state: EntryState }
  | { readonly kind: 'missing'; readonly reason: string };

/** What commands act on: the entries of the leader, and the commits that change them. */
export class CommandEngine {
  readonly #options: CommandEngineOptions;

  constructor(options: CommandEngineOptions) {
    this.#options = options;
  }

  /** When the next run is due: epoch milliseconds, `Infinity` for never. */
  get wakeAt(): number {
    return this.#options.scheduled.wakeAt;
  }

  /** Finds an entry that a command names. Rejects with a `StoreError` when the store cannot be read. */
  async find(name: string): Promise<Found> {
    const { scheduled, catalog } = this.#options;
    const item = scheduled.find(name);
    if (item) return { kind: 'found', entry: item.entry, state: item.state };
    const quoted = JSON.stringify(name);
    const declared = catalog.find(name);
    if (declared?.enabled) {
      return missing(`entry ${quoted} is not scheduled; the log of the leader says why`);
    }
    if (declared)
      return missing(`entry ${quoted} is disabled in the configuration: enable it there, then run beat reload`);
    const [row] = (await this.#options.stored?.entries.find([name])) ?? [];
    if (!row) {
      const hint = didYouMean(name, [...catalog.names]) || '; beat list shows all entries';
      return missing(`no entry ${quoted}${hint}`);
    }
    return this.#read(row);
  }

  /** Whether the entry still has the state that the decision was made from. Rejects with a `StoreError`. */
  async isCurrent({ entry, before }: Decision): Promise<boolean> {
    const item = this.#options.scheduled.find(entry.name);
    if (item?.state === before) return true;
    const found = await this.find(entry.name);
    return found.kind === 'found' && found.state.rev === before.rev;
  }

  /** Whether an entry of this name is in the configuration. */
  isDeclared(name: string): boolean {
    return this.#options.catalog.find(name) !== undefined;
  }

  /** Reads definitions; `undefined` if the store cannot hold entries. */
  get definitions(): Definitions | undefined {
    return this.#options.stored?.definitions();
  }

  /**
   * Reads these entries from the store, by name; the value of an unreadable entry is the reason. Rejects with a
   * `StoreError` when the store cannot be read.
   */
  async findStored(names: readonly string[]): Promise<ReadonlyMap<string, StoredTarget | string>> {
    const { stored, ledger } = this.#options;
    const targets = new Map<string, StoredTarget | string>();
    const states = await ledger.findStates(names, (name, error) => {
      targets.set(name, explainState(name, error));
    });
    for (const [name, state] of states) targets.set(name, { definition: undefined, state });
    for (const row of (await stored?.entries.find(names)) ?? []) {
      targets.set(
        row.entry,
        attempt(() => readStoredTarget(row)),
      );
    }
    return targets;
  }

  /**
   * Commits the decision of a command about an entry, and the end of the command unless `finished` is `null`. Resolves
   * with `null`, or with the reason why nothing was committed. Throws `TermEnded` when the term cannot continue.
   */
  async apply(decision: Decision, finished: FinishedCommand | null, term: Term): Promise<string | null> {
    const { clock, messageContext, committer } = this.#options;
    let planned: PlannedChange;
    try {
      const at = { sentAt: clock.now(), term: term.token };
      planned = await runInSlices(planChange(decision, at, messageContext()), clock);
    } catch (error) {
      return `${describeError(error)}${describePublished(decision)}`;
    }
    const reason = await committer.commitCommand([planned], finished, term);
    return reason === null ? null : `${reason}${describePublished(decision)}`;
  }

  /** Commits the edits of a command to stored entries: all of them, or none. Otherwise as `apply`. */
  async edit(edits: readonly StoredEdit[], finished: FinishedCommand, term: Term): Promise<string | null> {
    const { catalog, events, committer } = this.#options;
    let planned: PlannedChange[];
    try {
      planned = edits.map((edit) => planEdit(edit, catalog.find(edit.name)));
    } catch (error) {
      return describeError(error);
    }
    const reason = await committer.commitCommand(planned, finished, term);
    if (reason !== null) return reason;
    for (const { name } of edits) events.reportRecovery({ kind: 'read-definition', entry: name });
    return null;
  }

  async finish(finished: FinishedCommand, term: Term): Promise<void> {
    await this.#options.committer.finish(finished, term);
  }

  #read(row: StoredEntry): Found {
    const read = attempt(() => readStoredEntry(row, this.#options.stored!.definitions()));
    if (typeof read === 'string') return missing(read);
    const { entry, state } = read;
    const quoted = JSON.stringify(row.entry);
    if (!entry.enabled) return missing(`stored entry ${quoted} is disabled; beat update --enable enables it`);
    if (!state) return missing(`the state of stored entry ${quoted} was removed; it has none yet`);
    return { kind: 'found', entry, state };
  }
}

/** The result, or the message of the error. */
function attempt<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return describeError(error);
  }
}

/** What a backfill has published before the part that failed. */
function describePublished({ before: { backfill }, commandId }: Decision): string {
  if (backfill === undefined || backfill.command !== commandId) return '';
  const { published, next } = backfill;
  return `; ${thousands(published)} runs were published, those before ${formatIso(next)}`;
}

function missing(reason: string): Found {
  return { kind: 'missing', reason };
}
