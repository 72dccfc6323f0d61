import type { Events } from '../events/events.ts';
import type { Term } from '../scheduling/term.ts';
import type { CommandEngine } from '../scheduling/command-engine.ts';
import type { Decided } from '../planning/planned-change.ts';
import type { CommandLog, PendingCommand } from '../store/command-log.ts';
import type { Clock } from '../util/clock.ts';
import { describeError } from '../util/errors.ts';
import { applyCommand, applyStoredCommand } from '../commands/apply-command.ts';
import { encodeAudit, type Answer } from '../commands/audit.ts';
import type {
  Command,
  CommandHeader,
  EntryCommand,
  ReloadCommand,
  StoredCommand,
} from '../commands/command.ts';
import type { EditOutcome } from '../commands/edit.ts';
import { rejected, type Rejected } from '../commands/outcome.ts';
import { parseCommand } from '../commands/parse-command.ts';
import type { ReloadCommands } from './reload-commands.ts';

/** Commands that one look at the log brings. */
const PAGE = 100;

/** What a command of an entry does. */
interface Prepared {
  readonly kind: 'run';
  readonly decided: Decided;
  readonly answer: string;
}

/** When a command is dealt with, epoch milliseconds, and the token of the term. */
interface Moment {
  readonly now: number;
  readonly term: number;
}

export interface CommandRunnerOptions {
  readonly log: CommandLog;
  readonly engine: CommandEngine;
  readonly reloads: ReloadCommands;
  readonly events: Events;
  readonly clock: Clock;
}

/** Applies the commands in the log, oldest first, one commit each. */
export class CommandRunner {
  readonly #options: CommandRunnerOptions;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
  }

  /** Applies what is in the log. Rejects with `TermEnded`, or with a `StoreError` when the log cannot be read. */
  async run(term: Term, stop: AbortSignal): Promise<void> {
    const { log, reloads, events } = this.#options;
    while (!stop.aborted && term.trusted) {
      // Commands stay in the log while their reload runs: later ones do not wait for them.
      const oldest = await log.pending(PAGE + reloads.running);
      const page = oldest.filter(({ key }) => !reloads.isRunning(key));
      events.reportRecovery({ kind: 'commands' });
      if (page.length === 0) return;
      for (const pending of page) await this.#handle(pending, term, stop);
    }
  }

  async #handle({ key, json }: PendingCommand, term: Term, stop: AbortSignal): Promise<void> {
    const { log, engine, clock } = this.#options;
    const parsed = parseCommand(json);
    const { id } = parsed.kind === 'command' ? parsed.command : parsed.header;
    const moment = { now: clock.now(), term: term.token };
    // A command that was sent twice, because its sender did not know whether the first had arrived.
    if (id !== null && (await log.findAudit([id])).has(id)) {
      await engine.finish([{ key, id: null, audit: '' }], term, stop);
      return;
    }
    if (parsed.kind === 'malformed') {
      const answer = { status: 'rejected', answer: parsed.reason } as const;
      const audit = id === null ? '' : encodeAudit({ ...parsed.header, id }, answer, moment);
      await engine.finish([{ key, id, audit }], term, stop);
      this.#report(parsed.header, answer);
      return;
    }
    const { command } = parsed;
    if (command.do === 'reload') {
      await this.#reload(command, key, moment, term, stop);
      return;
    }
    const reason = await this.#apply(command, key, moment, term, stop);
    if (reason === null) return;
    const answer = { status: 'rejected', answer: reason } as const;
    await this.#finish(command, key, answer, moment, term, stop);
  }

  /** Begins a reload, or answers the command when its reload has ended. */
  async #reload(
    command: ReloadCommand,
    key: string,
    moment: Moment,
    term: Term,
    stop: AbortSignal,
  ): Promise<void> {
    const { reloads } = this.#options;
    const answer = reloads.answer(key);
    if (!answer) return;
    await this.#finish(command, key, answer, moment, term, stop);
    reloads.forget(key);
  }

  /** Ends a command that has no effect in the store, or none any more. */
  async #finish(
    command: Command,
    key: string,
    answer: Answer,
    moment: Moment,
    term: Term,
    stop: AbortSignal,
  ): Promise<void> {
    const header = toHeader(command);
    const audit = encodeAudit(header, answer, moment);
    await this.#options.engine.finish([{ key, id: command.id, audit }], term, stop);
    this.#report(header, answer);
  }

  /** Returns why the command is rejected; `null` when it was applied. */
  async #apply(
    command: Command,
    key: string,
    moment: Moment,
    term: Term,
    stop: AbortSignal,
  ): Promise<string | null> {
    const prepared = await this.#prepare(command, moment.now);
    if (prepared.kind === 'rejected') return prepared.reason;
    const answer = { status: 'applied', answer: prepared.answer } as const;
    const header = toHeader(command);
    const finished = { key, id: command.id, audit: encodeAudit(header, answer, moment) };
    const { engine } = this.#options;
    const reason = await (prepared.kind === 'edits'
      ? engine.edit(prepared.edits, finished, term, stop)
      : engine.apply(prepared.decided, finished, term, stop));
    if (reason === null) this.#report(header, answer);
    return reason;
  }

  /** What a command does, before anything of it is committed. */
  async #prepare(command: Command, now: number): Promise<Prepared | EditOutcome> {
    const { engine } = this.#options;
    if (isStoredCommand(command)) {
      const { definitions } = engine;
      if (!definitions) return rejected('this store cannot hold entries');
      const names = command.do === 'add' ? Object.keys(command.definitions) : [command.entry];
      const stored = await engine.findStored(names);
      const targets = { stored, isDeclared: engine.isDeclared.bind(engine), definitions };
      return attempt(() => applyStoredCommand(targets, command, now));
    }
    if (!isEntryCommand(command)) return rejected(`${command.do} is not supported by this release`);
    const found = await engine.find(command.entry);
    if (found.kind === 'missing') return rejected(found.reason);
    const outcome = attempt(() => applyCommand(found, command, now));
    if (outcome.kind === 'rejected') return outcome;
    const { runs, changes, skipped, answer } = outcome;
    const decided = {
      ...{ entry: found.entry, before: found.state, changes, skipped },
      runs: runs?.dueAt ?? [],
      causeOf: () => runs?.cause ?? 'manual',
      commandId: command.id,
    } as const;
    return { kind: 'run', decided, answer };
  }

  #report({ id, do: name, entry, at, by, reason }: CommandHeader, answer: Answer): void {
    this.#options.events.emit('command', { id, do: name, entry, at, by, reason, ...answer });
  }
}

/** A schedule of the user's may throw: its command is rejected, or it would block every later one. */
function attempt<T>(apply: () => T): T | Rejected {
  try {
    return apply();
  } catch (error) {
    return rejected(describeError(error));
  }
}

function toHeader(command: Command): CommandHeader & { readonly id: string } {
  return { ...command, entry: 'entry' in command ? command.entry : null };
}

function isStoredCommand(command: Command): command is StoredCommand {
  return ['add', 'update', 'remove'].includes(command.do);
}

function isEntryCommand(command: Command): command is EntryCommand {
  return ['pause', 'resume', 'run', 'skip', 'backfill'].includes(command.do);
}
