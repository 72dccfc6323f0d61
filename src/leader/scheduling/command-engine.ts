import { type Definitions, explainState, readStoredEntry, readStoredTarget } from '../../entries/catalog/definition.ts';
import type { Command } from '../../entries/commands/command.ts';
import {
  applyCommand,
  rejected,
  type Applied,
  type Rejected,
  type Target,
} from '../../entries/commands/entry-commands.ts';
import { applyStoredCommand, type Edits, type StoredTargets } from '../../entries/commands/stored-commands.ts';
import type { FinishedCommand } from '../../contracts/store/command-log.ts';
import { formatIso } from '../../util/format-iso.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { thousands } from '../../util/thousands.ts';
import { describeError } from '../../util/errors.ts';
import type { SchedulerParts } from './committer.ts';
import type { Decision } from '../../entries/planning/decide.ts';
import { planChange, type PlannedChange } from '../../entries/planning/planned-change.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import type { Steps } from '../../util/steps.ts';
import type { Term } from './term.ts';

/** The effect of a command, not committed yet. */
export type Prepared = Applied | Edits | Rejected;

/** Prepares the effects of commands on the entries of the leader, and commits them. */
export class CommandEngine {
  readonly #options: SchedulerParts;

  constructor(options: SchedulerParts) {
    this.#options = options;
  }

  /** When the next run is due: epoch milliseconds, `Infinity` for never. */
  get wakeAt(): number {
    return this.#options.scheduled.wakeAt;
  }

  /** Reads definitions; `undefined` if the store cannot hold entries. */
  get definitions(): Definitions | undefined {
    return this.#options.stored?.definitions();
  }

  /**
   * Reads what a command acts on, and returns the steps that decide its effect at `now` (epoch milliseconds). Rejects
   * with a `StoreError` when the store cannot be read.
   */
  async prepare(command: Command, now: number): Promise<Steps<Prepared>> {
    switch (command.do) {
      case 'add':
      case 'update':
      case 'remove': {
        const { definitions } = this;
        if (!definitions) return reject('this store cannot hold entries');
        const names = command.do === 'add' ? Object.keys(command.definitions) : [command.entry];
        const findDeclared = (name: string) => this.#options.catalog.find(name);
        return applyStoredCommand({ stored: await this.#findStored(names), findDeclared, definitions }, command, now);
      }
      case 'reload':
        return reject('reload is not supported by this release');
      default: {
        const target = await this.#find(command.entry);
        return typeof target === 'string' ? reject(target) : applyCommand(target, command, now);
      }
    }
  }

  /** Whether the entry still has the state that the decision was made from. Rejects with a `StoreError`. */
  async isCurrent({ entry, before }: Decision): Promise<boolean> {
    const item = this.#options.scheduled.find(entry.name);
    if (item?.state === before) return true;
    const found = await this.#find(entry.name);
    return typeof found !== 'string' && found.state.rev === before.rev;
  }

  /**
   * Commits the effect of a command, all of it or nothing, and the end of the command unless `finished` is `null`.
   * Resolves with `null`, or with the reason why nothing was committed. Throws `TermEnded` when the term cannot continue.
   */
  async commit(effect: Applied | Edits, finished: FinishedCommand | null, term: Term): Promise<string | null> {
    const { events, committer } = this.#options;
    const published = effect.kind === 'applied' ? describePublished(effect) : '';
    let planned: readonly PlannedChange[];
    try {
      planned = effect.kind === 'edits' ? effect.edits : [await this.#plan(effect, term)];
    } catch (error) {
      return `${describeError(error)}${published}`;
    }
    const reason = await committer.commitCommand(planned, finished, term);
    if (reason !== null) return `${reason}${published}`;
    if (effect.kind === 'edits') {
      for (const { change } of planned) events.reportRecovery({ kind: 'read-definition', entry: change.entry });
    }
    return null;
  }

  async finish(finished: FinishedCommand, term: Term): Promise<void> {
    await this.#options.committer.finish(finished, term);
  }

  #plan(decision: Decision, { token: term }: Term): Promise<PlannedChange> {
    const { clock, messageContext } = this.#options;
    return runInSlices(planChange(decision, { sentAt: clock.now(), term }, messageContext()), clock);
  }

  /**
   * Finds an enabled entry with its state, or the reason why there is none. Rejects with a `StoreError` when the store
   * cannot be read.
   */
  async #find(name: string): Promise<Target | string> {
    const { scheduled, catalog, stored } = this.#options;
    const item = scheduled.find(name);
    if (item) return item;
    const quoted = JSON.stringify(name);
    const declared = catalog.find(name);
    if (declared?.enabled) return `entry ${quoted} is not scheduled; the log of the leader says why`;
    if (declared) return `entry ${quoted} is disabled in the configuration: enable it there, then run beat reload`;
    const [row] = (await stored?.entries.find([name])) ?? [];
    if (!row) return `no entry ${quoted}${didYouMean(name, [...catalog.names]) || '; beat list shows all entries'}`;
    const read = attempt(() => readStoredEntry(row, stored!.definitions()));
    if (typeof read === 'string') return read;
    const { entry, state } = read;
    if (!entry.enabled) return `stored entry ${quoted} is disabled; beat update --enable enables it`;
    return state ? { entry, state } : `the state of stored entry ${quoted} was removed; it has none yet`;
  }

  /** Reads these entries from the store. Rejects with a `StoreError` when the store cannot be read. */
  async #findStored(names: readonly string[]): Promise<StoredTargets['stored']> {
    const { stored, ledger } = this.#options;
    const unreadable = new Map<string, string>();
    const states = await ledger.findStates(names, (name, error) => unreadable.set(name, explainState(name, error)));
    const rows = (await stored?.entries.find(names)) ?? [];
    return new Map([
      ...unreadable,
      ...Array.from(states, ([name, state]) => [name, { definition: undefined, state }] as const),
      ...rows.map((row) => [row.entry, attempt(() => readStoredTarget(row))] as const),
    ]);
  }
}

// eslint-disable-next-line require-yield -- one step
function* reject(reason: string): Steps<Prepared> {
  return rejected(reason);
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
