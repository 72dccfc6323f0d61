import type { Events } from '../../contracts/events/events.ts';
import type { Term } from '../scheduling/term.ts';
import type { CommandEngine } from '../scheduling/command-engine.ts';
import type { Definitions } from '../../entries/catalog/definition.ts';
import type { CommandLog, PendingCommand } from '../../contracts/store/command-log.ts';
import type { Clock } from '../../util/clock.ts';
import { encodeAudit, type Answer } from '../../entries/commands/audit.ts';
import type { Command, CommandHeader, ReloadCommand } from '../../entries/commands/command.ts';
import { parseCommand } from '../../entries/commands/parse-command.ts';
import { prepareCommand, takeStep, type Prepared } from './prepare-command.ts';
import type { ReloadCommands } from './reload-commands.ts';
import type { Steps } from '../../util/steps.ts';

/** Commands that one read of the log returns. */
const PAGE = 100;

/** Reloads that commands wait for before the rest of the log waits too: the log contains their commands. */
const MAX_RELOADS = 1_000;

/** A command that is being applied, over several slices if that takes long. */
interface Current {
  readonly command: Command;
  readonly key: string;
  readonly moment: Moment;
  /** The settings that its definitions are read with. */
  readonly definitions: Definitions | undefined;
  /** What is left of its steps; `null` before it is prepared again, for its next part. */
  readonly steps: Steps<Prepared> | null;
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
  /** Commands that were read and not applied yet. */
  #page: PendingCommand[] = [];
  #current: Current | null = null;
  /** Whether the last slice ended before the log was empty. */
  #isBehind = false;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
  }

  get isBehind(): boolean {
    return this.#isBehind;
  }

  /**
   * Applies what is in the log until it is empty, or until `isOver`, which is asked after each command, and after each
   * definition of one. Does some of it in any case. Rejects with `TermEnded`, or with a `StoreError` when the log
   * cannot be read.
   */
  async run(term: Term, stop: AbortSignal, isOver = () => false): Promise<void> {
    this.#isBehind = false;
    try {
      while (!stop.aborted && term.trusted && (await this.#runNext(term, stop, isOver))) {
        this.#isBehind = isOver();
        if (this.#isBehind) return;
      }
    } catch (error) {
      this.reset();
      throw error;
    }
  }

  /** Reads the log again, as at the beginning of a term. */
  reset(): void {
    this.#page = [];
    this.#current = null;
    this.#isBehind = false;
  }

  /** Returns `false` when the log is empty. */
  async #runNext(term: Term, stop: AbortSignal, isOver: () => boolean): Promise<boolean> {
    if (!this.#current) {
      if (this.#page.length === 0) this.#page = await this.#read();
      const next = this.#page.shift();
      if (!next) return false;
      await this.#begin(next, term, stop);
    }
    if (this.#current) await this.#continue(this.#current, term, stop, isOver);
    return true;
  }

  async #read(): Promise<PendingCommand[]> {
    const { log, reloads, events } = this.#options;
    if (reloads.running >= MAX_RELOADS) return [];
    // Commands stay in the log while their reload runs: later ones do not wait for them.
    const oldest = await log.pending(PAGE + reloads.running);
    events.reportRecovery({ kind: 'commands' });
    return oldest.filter(({ key }) => !reloads.isRunning(key));
  }

  /** Ends a command that is malformed, repeated or a reload; makes any other one the current one. */
  async #begin({ key, json }: PendingCommand, term: Term, stop: AbortSignal): Promise<void> {
    const { log, engine, clock } = this.#options;
    const parsed = parseCommand(json);
    const header = parsed.kind === 'command' ? parsed.command : parsed.header;
    // Its own id was not read.
    const id = json === null ? formatLongId(key) : header.id;
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
      this.#report({ ...parsed.header, id }, answer);
      return;
    }
    const { command } = parsed;
    if (command.do === 'reload') await this.#reload(command, key, moment, term, stop);
    else this.#current = await this.#prepare(command, key, moment);
  }

  async #prepare(
    command: Command,
    key: string,
    moment: Moment,
  ): Promise<Current & { readonly steps: Steps<Prepared> }> {
    const { engine } = this.#options;
    const { definitions } = engine;
    const steps = await prepareCommand(engine, command, moment.now);
    return { command, key, moment, definitions, steps };
  }

  /** Applies the current command, if its steps end before `isOver`. */
  async #continue(
    current: Current,
    term: Term,
    stop: AbortSignal,
    isOver: () => boolean,
  ): Promise<void> {
    const { engine } = this.#options;
    const { command, key, moment } = current;
    let { steps } = current;
    // A reload may have come between two slices.
    if (!steps || current.definitions !== engine.definitions) {
      const renewed = await this.#prepare(command, key, moment);
      this.#current = renewed;
      steps = renewed.steps;
    }
    let step = takeStep(steps);
    while (!step.done && !isOver()) step = takeStep(steps);
    if (!step.done) return;
    const prepared = step.value;
    const again = { ...current, steps: null };
    this.#current = null;
    // Its entry may have been due between two slices.
    if (prepared.kind === 'applied' && !(await engine.isCurrent(prepared))) {
      this.#current = again;
      return;
    }
    const reason = await this.#apply(command, prepared, key, moment, term, stop);
    if (reason === null) {
      if (isPart(prepared)) this.#current = again;
      return;
    }
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

  /** Returns why the command is rejected; `null` when it was applied, or a part of it. */
  async #apply(
    command: Command,
    prepared: Prepared,
    key: string,
    moment: Moment,
    term: Term,
    stop: AbortSignal,
  ): Promise<string | null> {
    if (prepared.kind === 'rejected') return prepared.reason;
    const answer = { status: 'applied', answer: prepared.answer } as const;
    const header = toHeader(command);
    const finished = { key, id: command.id, audit: encodeAudit(header, answer, moment) };
    const { engine } = this.#options;
    const reason = await (prepared.kind === 'edits'
      ? engine.edit(prepared.edits, finished, term, stop)
      : engine.apply(prepared, prepared.isPart ? null : finished, term, stop));
    if (reason === null && !isPart(prepared)) this.#report(header, answer);
    return reason;
  }

  #report({ id, do: name, entry, at, by, reason }: CommandHeader, answer: Answer): void {
    this.#options.events.emit('command', { id, do: name, entry, at, by, reason, ...answer });
  }
}

/** The id of a command in the audit trail if nothing of the command was read. */
function formatLongId(key: string): string {
  return `not read: ${key}`;
}

function isPart(prepared: Prepared): boolean {
  return prepared.kind === 'applied' && prepared.isPart;
}

function toHeader(command: Command): CommandHeader & { readonly id: string } {
  return { ...command, entry: 'entry' in command ? command.entry : null };
}
