import type { Message } from '../src/celery/message/message.ts';
import type { SkipReason } from '../src/celery/message/skip-reasons.ts';
import type { Run } from '../src/celery/message/run.ts';
import type { Change, Commit } from '../src/contracts/store/commit.ts';
import { encodeState, type EntryState } from '../src/contracts/store/entry-state.ts';
import type { RunRow } from '../src/contracts/store/history.ts';
import { decodeOutboxMessage, type WithdrawnRow } from '../src/contracts/store/outbox.ts';
import { isUnreadable } from '../src/contracts/store/unreadable.ts';
import type { Entry } from '../src/entries/catalog/entry.ts';
import { cursor } from '../src/entries/planning/next-due.ts';
import type { AuditRow } from '../src/entries/commands/shapes.ts';
import type { Schedule } from '../src/schedule/schedule.ts';
import { formatIso } from '../src/util/format-iso.ts';
import type { EventLoop } from './event-loop.ts';
import type { Process } from './machine.ts';
import type { StoreServer } from './store-server.ts';
import type { Trace } from './trace.ts';

/** The rules that hold after each step, also while parts of the world fail. Failures, tests and docs/guarantees.md name them. */
export const RULES = {
  fenced: 'the store applies nothing of an older term',
  trusted: 'an instance stops committing when its lease has ended by its own clock',
  repeated: 'a repeated commit is recognised',
  kept: 'fields of a later release stay in a state',
  atomic: 'a commit is applied as a whole, or not at all',
  once: 'no occurrence is published twice',
  'same-id': 'a repeated message has the task id of the first',
  'not-lost': 'a committed message is published, or withdrawn with a reason',
  forward: 'rev and dueAt of a state only move forward, and tokens of terms only grow',
  command: 'a command is applied once or rejected once, with one audit row',
  overlap: 'runs of an entry that limits overlap do not overlap',
  policy:
    'an occurrence is skipped only for a reason that its entry allows, and none is published that is paused or skipped',
  accounted: 'every occurrence is published or skipped with a reason, and the history says so',
  'at-rest': 'when the faults have ended, nothing that is due is left over',
  'no-leak': 'an instance sets no timer that it does not need',
  calm: 'an instance makes no more calls than it needs',
  crash: 'no error escapes',
} as const;

export type Rule = keyof typeof RULES;

export interface Violation {
  readonly rule: Rule;
  readonly text: string;
  /** Milliseconds since the beginning of the simulation. */
  readonly at: number;
}

/** What an entry promises, by its name. */
export type Promised = Pick<Entry, 'missed' | 'startingDeadline' | 'overlap' | 'maxRuntime'>;

interface PublishedRun {
  readonly taskId: string;
  readonly entry: string;
  /** By the clock of the leader, epoch milliseconds. */
  readonly sentAt: number;
}

/** What was seen of the data that the store has now. A store that loses data takes it back to an earlier one. */
interface Seen {
  /** The fencing token of the newest term. */
  token: number;
  /** By occurrence, or by command and occurrence. */
  readonly runs: Map<string, PublishedRun>;
  /** The runs of entries that limit overlap, by entry. */
  readonly limited: Map<string, readonly PublishedRun[]>;
  /** Task ids of messages in the outbox, by message id. */
  readonly outbox: Map<string, string>;
  /** Commands that have arrived, and those with an audit row. */
  readonly arrived: Set<string>;
  readonly audited: Set<string>;
  /** How often each name was given to a new entry. */
  readonly generations: Map<string, number>;
}

export interface InvariantsOptions {
  readonly loop: EventLoop;
  readonly trace: Trace;
  readonly store: StoreServer;
  /** Milliseconds. */
  readonly lockTtl: number;
  /** Finds a schedule by the `spec` of a state. */
  readonly findSchedule: (spec: string) => Schedule | undefined;
  readonly findPromised: (entry: string) => Promised | undefined;
  /** Whether the result backend has ever had a result of the task. */
  readonly hasEnded: (taskId: string) => boolean;
  /** Called with each message that reached its queue, where the store is the broker. */
  readonly published: (message: Message) => void;
}

/** So many commits after the end of a lease are not those that were about to be sent. */
const MOST_UNTRUSTED = 6;

const DAY = 24 * 3_600_000;

/** Most occurrences of one commit that are counted. */
const MOST_COUNTED = 100_000;

/** Watches the store from the outside, and knows nothing of what the instances believe. */
export class Invariants {
  readonly violations: Violation[] = [];
  readonly #options: InvariantsOptions;
  #seen: Seen = {
    token: 0,
    runs: new Map(),
    limited: new Map(),
    outbox: new Map(),
    arrived: new Set(),
    audited: new Set(),
    generations: new Map(),
  };
  /** Larger than every token that was ever issued. */
  #highestToken = 0;
  /** Task ids by occurrence, also of messages whose store lost them. */
  readonly #taskIds = new Map<string, string>();
  /** Commands that have ever arrived: the leader may have read one before its store lost it. */
  readonly #sent = new Set<string>();
  /** Task ids that the broker received, where it is another server. */
  readonly #received = new Set<string>();
  /** Commits that were sent after the end of a lease, by term. */
  readonly #untrusted = new Map<number, number>();
  readonly counts = { commits: 0, published: 0, skipped: 0, commands: 0, terms: 0 };

  constructor(options: InvariantsOptions) {
    this.#options = options;
  }

  get isBroken(): boolean {
    return this.violations.length > 0;
  }

  report(rule: Rule, text: string): void {
    const { loop, trace } = this.#options;
    trace.add(loop.now, 'invariants', rule, 0, 0, () => `VIOLATION of "${RULES[rule]}": ${text}`);
    this.violations.push({ rule, text, at: loop.now });
  }

  /** Copies what was seen, with a snapshot of the store. */
  snapshot(): unknown {
    const { token, runs, limited, outbox, arrived, audited, generations } = this.#seen;
    return {
      token,
      runs: new Map(runs),
      limited: new Map(limited),
      outbox: new Map(outbox),
      arrived: new Set(arrived),
      audited: new Set(audited),
      generations: new Map(generations),
    } satisfies Seen;
  }

  /** The store has this snapshot now, or nothing. What was published after it may be published again. */
  restore(snapshot: unknown): void {
    this.#seen = (snapshot as Seen | null) ?? {
      token: 0,
      runs: new Map(),
      limited: new Map(),
      outbox: new Map(),
      arrived: new Set(),
      audited: new Set(),
      generations: new Map(this.#seen.generations),
    };
  }

  termBegins(process: Process, token: number): void {
    if (token <= this.#highestToken) {
      this.report('forward', `${process.name} begins term ${token} after term ${this.#highestToken}`);
    }
    this.#highestToken = Math.max(this.#highestToken, token);
    this.#seen.token = token;
    this.counts.terms += 1;
  }

  /**
   * An instance sends a commit, so long after it requested its lease (milliseconds, by its own clock). A commit that was
   * about to be sent when the lease ended does no harm; an instance that goes on sending has not noticed its end.
   */
  commitIsSent(process: Process, token: number, leaseAge: number): void {
    this.clockShows(process.clock.now());
    if (leaseAge <= this.#options.lockTtl) return;
    const sent = (this.#untrusted.get(token) ?? 0) + 1;
    this.#untrusted.set(token, sent);
    if (sent === MOST_UNTRUSTED) {
      this.report('trusted', `${process.name} sends ${sent} commits after the end of its lease`);
    }
  }

  async commandArrives(json: string, append: () => Promise<void>): Promise<void> {
    await append();
    const id = readId(json);
    if (id === null) return;
    this.#seen.arrived.add(id);
    this.#sent.add(id);
  }

  /** Runs a commit, and compares what the store had before with what it has afterwards. */
  async commit<T extends { readonly kind: string }>(
    process: Process,
    commit: Commit,
    perform: () => Promise<T>,
  ): Promise<T> {
    const { store, loop, trace } = this.#options;
    const { entries, outbox, commands, history } = store.state;
    const { changes } = commit;
    const before = changes.map(({ entry }) => entries.get(entry)?.state ?? null);
    const isRepeated =
      changes.length > 0 &&
      changes.every(({ after }, i) => before[i] === (after ? encodeState(after) : null)) &&
      (commit.commands ?? []).every(({ id }) => id === null || commands.audit.has(id));
    const known = (commit.commands ?? []).filter(({ id }) => id !== null && this.#seen.audited.has(id));
    const rowsBefore = changes.map(({ entry }) => history.entries.get(entry)?.appended ?? 0);
    const outcome = await perform();
    this.counts.commits += 1;
    const after = changes.map(({ entry }) => entries.get(entry)?.state ?? null);
    const messages = this.#takeMessages(outbox);
    const changed = changes.filter((_, i) => before[i] !== after[i]);
    const ended = (commit.commands ?? []).filter(
      ({ id }) => id !== null && !this.#seen.audited.has(id) && commands.audit.has(id),
    );
    trace.add(loop.now, process.name, 'commit', changed.length, messages.length, () =>
      describeCommit(commit, outcome.kind, messages),
    );
    if (isRepeated && commit.token === this.#seen.token && outcome.kind !== 'committed') {
      this.report('repeated', `${process.name} repeats a commit, and is answered with ${outcome.kind}`);
    }
    if (known.length > 0 && changed.length > 0) {
      this.report('command', `command ${known[0]!.id!} is applied again`);
    }
    const hasEffect = changed.length > 0 || messages.length > 0 || ended.length > 0;
    if (hasEffect && commit.token !== this.#seen.token) {
      this.report('fenced', `${process.name} commits in term ${commit.token}; the newest is ${this.#seen.token}`);
    }
    if (hasEffect && outcome.kind !== 'committed') {
      this.report('atomic', `a commit of ${process.name} was answered with ${outcome.kind}, and has an effect`);
    }
    if (changed.length > 0 && changed.length < changes.length) {
      this.report('atomic', `a commit of ${process.name} changes ${changed.length} of ${changes.length} states`);
    }
    if (messages.length > 0 && changed.length === 0) {
      this.report('atomic', `a commit of ${process.name} publishes ${messages.length} messages, and changes no state`);
    }
    const byTask = new Map<string, { readonly change: Change; readonly row: RunRow }>();
    for (const [i, change] of changes.entries()) {
      if (before[i] === after[i]) continue;
      this.#checkState(change, before[i]!, after[i]!);
      const rows = change.history ?? [];
      const appended = (history.entries.get(change.entry)?.appended ?? 0) - rowsBefore[i]!;
      if (change.after && appended !== Math.min(rows.length, store.limits.limit)) {
        this.report('accounted', `${change.entry}: ${appended} rows of ${rows.length} are in the history`);
      }
      for (const row of rows) if (row.kind === 'run') byTask.set(row.taskId, { change, row });
    }
    for (const message of messages) this.#checkMessage(message, byTask);
    if (messages.length < byTask.size) {
      const missing = [...byTask.keys()].filter((id) => !messages.some(({ taskId }) => taskId === id));
      this.report('not-lost', `${missing.length} runs were committed without their messages`);
    }
    for (const { id } of ended) this.#checkCommand(JSON.parse(commands.audit.get(id!)!) as AuditRow, changed);
    return outcome;
  }

  async removal(
    process: Process,
    {
      token,
      ids,
      rows,
    }: { readonly token: number; readonly ids: readonly string[]; readonly rows: readonly WithdrawnRow[] },
    perform: () => Promise<boolean>,
  ): Promise<boolean> {
    const { store, loop, trace } = this.#options;
    const { outbox } = store.state;
    const result = await perform();
    const withdrawn = new Set(rows.map(({ messageId }) => messageId));
    const removed = ids.filter((id) => this.#seen.outbox.has(id) && !outbox.has(id));
    trace.add(loop.now, process.name, 'outbox.remove', removed.length, withdrawn.size, () => {
      return `outbox.remove: ${removed.length} messages, ${withdrawn.size} of them withdrawn`;
    });
    if (removed.length > 0 && token !== this.#seen.token) {
      this.report('fenced', `${process.name} empties the outbox in term ${token}; the newest is ${this.#seen.token}`);
    }
    for (const id of removed) {
      const taskId = this.#seen.outbox.get(id)!;
      this.#seen.outbox.delete(id);
      if (withdrawn.has(id)) this.#endRun(taskId);
      else if (!this.#received.has(taskId)) {
        this.report('not-lost', `${process.name} removes message ${id} from the outbox before the broker has it`);
      }
    }
    return result;
  }

  /** A broker that is another server received a message. */
  receive(message: Message): void {
    const { taskId, run } = message;
    this.#received.add(taskId);
    if (run && this.#taskIds.get(keyOf(run)) !== taskId) {
      this.report('same-id', `${run.entry} of ${formatIso(run.dueAt)} is published under two ids`);
    }
  }

  /** Checks what is left over at rest, some seconds after the outbox had the messages `before`. */
  checkRest(before: ReadonlySet<string>): void {
    const { store } = this.#options;
    const { commands, outbox } = store.state;
    if (commands.pending.size > 0) this.report('at-rest', `${commands.pending.size} commands are still in the log`);
    const left = [...outbox.keys()].filter((id) => before.has(id)).length;
    if (left > 0) this.report('at-rest', `${left} messages are still in the outbox`);
    for (const id of this.#seen.arrived) {
      if (!commands.audit.has(id)) this.report('command', `command ${id} has no audit row`);
    }
  }

  /** The messages that this commit published: in the queue, or in the outbox. */
  #takeMessages(outbox: ReadonlyMap<string, string>): readonly Message[] {
    const { queue } = this.#options.store;
    const published = queue.splice(0);
    for (const message of published) this.#options.published(message);
    if (outbox.size === 0) return published;
    const added: Message[] = [];
    for (const [id, text] of outbox) {
      if (this.#seen.outbox.has(id)) continue;
      const pending = decodeOutboxMessage(id, text);
      if (isUnreadable(pending)) continue;
      this.#seen.outbox.set(id, pending.message.taskId);
      added.push({ ...pending.message, run: pending.run });
    }
    return [...published, ...added];
  }

  #checkState({ entry, after: wanted, history = [] }: Change, before: string | null, after: string | null): void {
    const now = after === null ? null : (JSON.parse(after) as EntryState);
    if ((wanted === null ? null : encodeState(wanted)) !== after) {
      this.report('atomic', `${entry}: the store has another state than the commit`);
    }
    if (before === null || now === null) {
      this.#seen.generations.set(entry, (this.#seen.generations.get(entry) ?? 0) + 1);
      this.#seen.limited.delete(entry);
      return;
    }
    const old = JSON.parse(before) as EntryState;
    if (now.rev <= old.rev) this.report('forward', `${entry}: rev ${old.rev} is followed by ${now.rev}`);
    if ((now.dueAt ?? -Infinity) < (old.dueAt ?? -Infinity)) {
      this.report('forward', `${entry}: dueAt ${formatIso(old.dueAt!)} is followed by ${String(now.dueAt)}`);
    }
    if ('later' in old && !('later' in now)) this.report('kept', `${entry}: a field of a later release is gone`);
    const skipped = history.flatMap((row) => (row.kind === 'skip' ? [row] : []));
    this.counts.skipped += skipped.length;
    for (const { reason, first } of skipped) this.#checkReason(entry, old, reason, first);
    for (const row of history) {
      if (row.kind !== 'run' || row.cause === 'manual' || row.cause === 'backfill') continue;
      const { dueAt, sentAt } = row;
      const { startingDeadline = null } = this.#options.findPromised(entry) ?? {};
      const isPaused = old.pause && dueAt >= old.pause.since && dueAt < (old.pause.until ?? Infinity);
      if (isPaused) this.report('policy', `${entry} of ${formatIso(dueAt)} is published although it is paused`);
      if (old.skip?.includes(dueAt)) this.report('policy', `${entry} of ${formatIso(dueAt)} was to be skipped`);
      if (startingDeadline !== null && sentAt - dueAt > startingDeadline) {
        this.report('policy', `${entry} of ${formatIso(dueAt)} is published after its deadline`);
      }
    }
    if (old.spec === null || now.spec !== old.spec) {
      if (now.dueAt !== old.dueAt) this.report('accounted', `${entry}: an edit moves dueAt`);
      return;
    }
    const schedule = this.#options.findSchedule(old.spec);
    if (!schedule) return;
    const scheduled = history.flatMap((row) => {
      return row.kind === 'run' && (row.cause === 'schedule' || row.cause === 'catch-up') ? [row] : [];
    });
    const unknown = skipped.some(({ count }) => count === null);
    const accounted = scheduled.length + skipped.reduce((sum, { count }) => sum + (count ?? 0), 0);
    const end = now.dueAt ?? -Infinity;
    const instants = new Set<number>();
    for (let at = cursor(old); instants.size < MOST_COUNTED;) {
      at = schedule.next(new Date(at))?.getTime() ?? Infinity;
      if (at > end) break;
      instants.add(at);
    }
    if (!unknown && accounted !== instants.size) {
      this.report(
        'accounted',
        `${entry}: ${instants.size} occurrences until ${formatIso(end)}, of which ${scheduled.length} are published and ` +
          `${accounted - scheduled.length} skipped`,
      );
    }
    const strange = scheduled.find(({ dueAt }) => !instants.has(dueAt));
    if (strange) this.report('accounted', `${entry}: ${formatIso(strange.dueAt)} was not due`);
  }

  #checkReason(entry: string, state: EntryState, reason: SkipReason, first: number): void {
    const promised = this.#options.findPromised(entry);
    if (!promised) return;
    const { missed, startingDeadline, overlap = 'allow' } = promised;
    const allowed: Readonly<Partial<Record<SkipReason, boolean>>> = {
      coalesced: missed === 'once',
      missed: missed === 'skip',
      'catch-up-limit': missed === 'all',
      deadline: startingDeadline !== null,
      overlap: overlap !== 'allow',
      paused: state.pause !== undefined,
      skipped: state.skip?.includes(first) ?? false,
    };
    if (allowed[reason] !== true) this.report('policy', `${entry} of ${formatIso(first)} is skipped as "${reason}"`);
  }

  #checkMessage(
    message: Message,
    byTask: ReadonlyMap<string, { readonly change: Change; readonly row: RunRow }>,
  ): void {
    this.counts.published += 1;
    const { taskId } = message;
    const found = byTask.get(taskId);
    if (!found) {
      this.report('accounted', `task ${taskId} is published, and no row of the history says so`);
      return;
    }
    const { change, row } = found;
    const { entry } = change;
    const { dueAt, cause, sentAt, command } = row;
    const run: Run = { entry, dueAt, cause, commandId: command };
    const key = keyOf(run);
    const generation = this.#seen.generations.get(entry) ?? 0;
    const known = `${generation} ${key}`;
    if (this.#seen.runs.has(known)) {
      this.report('once', `${entry} of ${formatIso(dueAt)} (${cause}) is published twice`);
    }
    const before = this.#taskIds.get(key);
    if (before !== undefined && before !== taskId) {
      this.report('same-id', `${entry} of ${formatIso(dueAt)} has the task ids ${before} and ${taskId}`);
    }
    this.#taskIds.set(key, taskId);
    const published = { taskId, entry, sentAt };
    this.#seen.runs.set(known, published);
    this.#checkOverlap(published, cause);
  }

  #checkOverlap(run: PublishedRun, cause: RunRow['cause']): void {
    const { findPromised, hasEnded } = this.#options;
    const { overlap = 'allow' } = findPromised(run.entry) ?? {};
    if (overlap === 'allow') return;
    const open = (this.#seen.limited.get(run.entry) ?? []).filter(({ taskId }) => !hasEnded(taskId));
    // Runs that a person asks for ignore the limit; `cancel` ends the others first.
    const isLimited = (cause === 'schedule' || cause === 'catch-up') && overlap !== 'cancel';
    if (isLimited && open.length > 0) {
      this.report('overlap', `${run.entry} is published while ${open.length} of its runs have not ended`);
    }
    this.#seen.limited.set(run.entry, [...open, run]);
  }

  /** An instance whose clock shows this time may give up runs whose `maxRuntime` is then over. */
  clockShows(now: number): void {
    for (const [entry, runs] of this.#seen.limited) {
      const { maxRuntime = DAY } = this.#options.findPromised(entry) ?? {};
      this.#seen.limited.set(
        entry,
        runs.filter(({ sentAt }) => sentAt + maxRuntime > now),
      );
    }
  }

  /** A run whose message was withdrawn never begins. */
  #endRun(taskId: string): void {
    for (const [entry, runs] of this.#seen.limited) {
      const left = runs.filter((run) => run.taskId !== taskId);
      if (left.length < runs.length) this.#seen.limited.set(entry, left);
    }
  }

  #checkCommand({ id, status, do: name, answer }: AuditRow, changed: readonly Change[]): void {
    this.counts.commands += 1;
    this.#seen.audited.add(id);
    if (!this.#sent.has(id)) this.report('command', `command ${id} has an audit row, and was never sent`);
    // An entry that is added with the definition that it has is left as it is.
    const needsChange = status === 'applied' && name !== 'reload' && !answer.includes('existed already');
    if (needsChange && changed.length === 0) {
      this.report('command', `command ${id} (${String(name)}) is applied, and changes nothing`);
    }
    if (!needsChange && changed.length > 0) {
      this.report('command', `command ${id} (${String(name)}) is ${status}, and changes ${changed.length} entries`);
    }
  }
}

/** Equal for messages of one run: a run of a command is another run than the scheduled one of that instant. */
function keyOf({ entry, dueAt, commandId = '' }: Run): string {
  return `${commandId} ${entry} ${dueAt}`;
}

function readId(json: string): string | null {
  try {
    const { id } = JSON.parse(json) as { id?: unknown };
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  }
}

function describeCommit(commit: Commit, outcome: string, messages: readonly Message[]): string {
  const changes = commit.changes.map(({ entry, after }) => {
    const due = after?.dueAt === null || !after ? '' : ` until ${formatIso(after.dueAt)}`;
    return `${entry} rev ${after?.rev ?? 'removed'}${due}`;
  });
  const commands = (commit.commands ?? []).map(({ id }) => `command ${id ?? 'without id'}`);
  const parts = [...changes, ...commands].join(', ');
  return `commit in term ${commit.token}: ${outcome}, ${messages.length} messages (${parts})`;
}
