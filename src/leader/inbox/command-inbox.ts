import type { CommandLog, FinishedCommand, PendingCommand } from '../../contracts/store/command-log.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { Difference } from '../../entries/catalog/catalog.ts';
import type { Definitions } from '../../entries/catalog/definition.ts';
import { encodeAudit, type Answer } from '../../entries/commands/audit.ts';
import type { Command, CommandHeader } from '../../entries/commands/command.ts';
import { rejected } from '../../entries/commands/entry-commands.ts';
import { parseCommand } from '../../entries/commands/parse-command.ts';
import type { Clock } from '../../util/clock.ts';
import { Condition } from '../../util/condition.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import type { Steps } from '../../util/steps.ts';
import { waitAtMost } from '../../util/wait.ts';
import type { Wakeup } from '../../util/wakeup.ts';
import type { CommandEngine, Prepared } from '../scheduling/command-engine.ts';
import { TermEnded, type Term } from '../scheduling/term.ts';

const PAGE = 100;

/** Most reloads under way at once: each read of the log returns their commands too. Other commands then wait. */
const MAX_RELOADS = 1_000;

/** The pause after a failed read of the log. Milliseconds. */
const PAUSE = 1_000;

/** How often other commands are read while a reload is under way. Milliseconds. */
const POLL_INTERVAL = 100;

/** Errors that the answer to a reload lists; the log has more. */
const MAX_ERRORS = 5;

/** How long commands are applied before the loop checks for other work. Milliseconds. */
const SLICE = 50;

/** The same at the beginning of a term, unless fewer than `FIRST_COMMANDS` were applied by then. */
const FIRST_SLICE = 100;
const FIRST_COMMANDS = 20;

interface ReadCommand {
  readonly key: string;
  readonly header: CommandHeader;
  /** When it is applied, epoch milliseconds. */
  readonly now: number;
}

/** A command that is being applied, over several slices if that takes long. */
interface CurrentCommand extends ReadCommand {
  readonly command: Command;
  readonly definitions: Definitions | undefined;
  /** The remaining steps; `null` until the command is prepared, again for each further part. */
  readonly steps: Steps<Prepared> | null;
}

export interface CommandInboxOptions {
  readonly log: CommandLog;
  readonly engine: Pick<CommandEngine, keyof CommandEngine>;
  /** Reads the configuration again. */
  readonly reload: () => Promise<Difference>;
  readonly wakeup: Wakeup;
  readonly events: Events;
  readonly clock: Clock;
}

/** Wakes the leader when commands arrive, and applies them between two ticks: oldest first, one commit each. */
export class CommandInbox {
  readonly #options: CommandInboxOptions;
  #hasArrived = false;
  #page: PendingCommand[] = [];
  #current: CurrentCommand | null = null;
  /** The answers to reloads, by the keys of their commands; `null` for a reload that is under way. */
  readonly #reloads = new Map<string, Answer | null>();
  readonly #reloadEnded = new Condition();
  /** Whether the last slice ended before the log was empty. */
  isBehind = false;

  constructor(options: CommandInboxOptions) {
    this.#options = options;
  }

  /**
   * Applies the first of the commands that were sent before the term began, even if runs are due: a pause among them
   * prevents the catch-up of missed runs. Throws `TermEnded` when the term cannot continue.
   */
  async begin(term: Term): Promise<void> {
    this.#reset();
    const { clock } = this.#options;
    const end = clock.monotonic() + FIRST_SLICE;
    let done = 0;
    await this.#runAndListen(term, () => {
      done += 1;
      return done >= FIRST_COMMANDS && clock.monotonic() >= end;
    });
  }

  /**
   * Applies the commands that have arrived until a run is due, and returns whether there were any. A log that cannot
   * be read is reported, and delays no schedule. Throws `TermEnded` when the term cannot continue.
   */
  async process(term: Term): Promise<boolean> {
    if (!this.#hasArrived) return false;
    const { clock, engine } = this.#options;
    const end = clock.monotonic() + SLICE;
    await this.#runAndListen(term, () => engine.wakeAt <= clock.now() || clock.monotonic() >= end);
    return true;
  }

  /**
   * Applies the commands in the log until the log is empty or `isOver` returns `true`. It calls `isOver` after each
   * command and each definition, so every call makes progress. Rejects with `TermEnded`, or with a `StoreError` when
   * the log cannot be read.
   */
  async run(term: Term, isOver = () => false): Promise<void> {
    this.isBehind = false;
    try {
      while (!term.stop.aborted && term.trusted && (await this.#runNext(term, isOver))) {
        this.isBehind = isOver();
        if (this.isBehind) return;
      }
    } catch (error) {
      this.#reset();
      throw error;
    }
  }

  async #runAndListen(term: Term, isOver: () => boolean): Promise<void> {
    const { clock, events } = this.#options;
    this.#hasArrived = false;
    try {
      await this.run(term, isOver);
      void this.#listen(this.#waitForWork(term.signal), term);
    } catch (error) {
      if (error instanceof TermEnded) throw error;
      events.reportFailure({ kind: 'commands' }, error);
      void this.#listen(clock.sleep(PAUSE, term.signal), term);
    }
  }

  async #listen(arriving: Promise<void>, term: Term): Promise<void> {
    await arriving;
    if (term.signal.aborted) return;
    this.#hasArrived = true;
    this.#options.wakeup.wake();
  }

  /** While a reload is under way, the log still has its command, so waiting for the log would return at once. */
  #waitForWork(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options;
    // The timer lets the process do other work, too, where the store answers at once.
    if (this.isBehind) return clock.sleep(0, signal);
    if (this.#runningReloads === 0) return log.waitForCommand(signal);
    return waitAtMost(clock, POLL_INTERVAL, signal, (end) => this.#reloadEnded.wait(end));
  }

  get #runningReloads(): number {
    return [...this.#reloads.values()].filter((answer) => answer === null).length;
  }

  /** Discards what was read, so that the log is read again. */
  #reset(): void {
    this.#page = [];
    this.#current = null;
  }

  /** Returns `false` when the log is empty. */
  async #runNext(term: Term, isOver: () => boolean): Promise<boolean> {
    if (!this.#current) {
      if (this.#page.length === 0) this.#page = await this.#read();
      const next = this.#page.shift();
      if (!next) return false;
      await this.#begin(next, term);
    }
    if (this.#current) await this.#continue(this.#current, term, isOver);
    return true;
  }

  async #read(): Promise<PendingCommand[]> {
    const { log, events } = this.#options;
    const running = this.#runningReloads;
    if (running >= MAX_RELOADS) return [];
    // Commands stay in the log while their reload runs: later ones do not wait for them.
    const oldest = await log.pending(PAGE + running);
    events.reportRecovery({ kind: 'commands' });
    return oldest.filter(({ key }) => this.#reloads.get(key) !== null);
  }

  /** Ends a command that is malformed, repeated or a reload; makes any other one the current one. */
  async #begin({ key, json }: PendingCommand, term: Term): Promise<void> {
    const { log, engine, clock } = this.#options;
    const parsed = parseCommand(json);
    const header =
      parsed.kind === 'command'
        ? { ...parsed.command, entry: 'entry' in parsed.command ? parsed.command.entry : null }
        : parsed.header;
    // The id of a command that is too long was not read.
    const id = json === null ? `not read: ${key}` : header.id;
    const read = { key, header: { ...header, id }, now: clock.now() };
    // A command that was sent twice, because its sender did not know whether the first had arrived.
    if (id !== null && (await log.findAudit([id])).has(id)) {
      await engine.finish({ key, id: null, audit: '' }, term);
    } else if (parsed.kind === 'malformed') {
      await this.#finish(read, { status: 'rejected', answer: parsed.reason }, term);
    } else if (parsed.command.do === 'reload') {
      const answer = this.#reloads.get(key);
      if (answer) {
        await this.#finish(read, answer, term);
        this.#reloads.delete(key);
      } else if (answer === undefined) void this.#reload(key);
    } else {
      this.#current = { ...read, command: parsed.command, definitions: engine.definitions, steps: null };
    }
  }

  /** Schedules and other commands do not wait while files are read: the command is answered when the log is read again. */
  async #reload(key: string): Promise<void> {
    this.#reloads.set(key, null);
    try {
      const { added, changed, removed } = await this.#options.reload();
      const counts = `${added.length} added, ${changed.length} changed, ${removed.length} removed`;
      this.#reloads.set(key, { status: 'applied', answer: `reloaded: ${counts}` });
    } catch (error) {
      this.#reloads.set(key, { status: 'rejected', answer: `${explain(error)}; nothing changed` });
    }
    this.#reloadEnded.notifyAll();
  }

  /** Applies the current command, if its steps end before `isOver`. */
  async #continue(current: CurrentCommand, term: Term, isOver: () => boolean): Promise<void> {
    const { engine } = this.#options;
    let { steps } = current;
    // A reload may have come between two slices.
    if (!steps || current.definitions !== engine.definitions) {
      const { definitions } = engine;
      steps = await engine.prepare(current.command, current.now);
      this.#current = { ...current, definitions, steps };
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
    const reason = await this.#commit(current, prepared, term);
    if (reason !== null) await this.#finish(current, { status: 'rejected', answer: reason }, term);
    else if (prepared.kind === 'applied' && prepared.isPart) this.#current = again;
  }

  /** Returns why the command is rejected; `null` when it was applied, or a part of it. */
  async #commit(read: ReadCommand, prepared: Prepared, term: Term): Promise<string | null> {
    if (prepared.kind === 'rejected') return prepared.reason;
    const answer = { status: 'applied', answer: prepared.answer } as const;
    const isPart = prepared.kind === 'applied' && prepared.isPart;
    const finished = isPart ? null : encodeFinished(read, answer, term);
    const reason = await this.#options.engine.commit(prepared, finished, term);
    if (reason === null && !isPart) this.#report(read, answer);
    return reason;
  }

  /** Ends a command that has no further effect in the store. */
  async #finish(read: ReadCommand, answer: Answer, term: Term): Promise<void> {
    await this.#options.engine.finish(encodeFinished(read, answer, term), term);
    this.#report(read, answer);
  }

  #report({ header }: ReadCommand, answer: Answer): void {
    const { id, do: name, entry, at, by, reason } = header;
    this.#options.events.emit('command', { id, do: name, entry, at, by, reason, ...answer });
  }
}

/** Runs one step. If a user's schedule throws, the command is rejected; otherwise it would block every later one. */
function takeStep(steps: Steps<Prepared>): IteratorResult<undefined, Prepared> {
  try {
    return steps.next(false);
  } catch (error) {
    return { done: true, value: rejected(describeError(error)) };
  }
}

function encodeFinished({ key, header, now }: ReadCommand, answer: Answer, { token }: Term): FinishedCommand {
  const { id } = header;
  return { key, id, audit: id === null ? '' : encodeAudit({ ...header, id }, answer, { now, term: token }) };
}

function explain(error: unknown): string {
  if (!(error instanceof ConfigError)) return describeError(error);
  const { errors } = error;
  const shown = errors.slice(0, MAX_ERRORS).map(formatDiagnostic).join('; ');
  const left = errors.length - MAX_ERRORS;
  return left > 0 ? `${shown}; and ${left} more` : shown;
}
