import type { Rule } from './invariants.ts';

/** A broken beat: the text of a file below `src/`, and what replaces it. */
export interface Variant {
  readonly what: string;
  /** The rules of which one breaks first. */
  readonly rules: readonly Rule[];
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

const LEDGER = 'drivers/memory/ledger.ts';
const LOG = 'drivers/memory/command-log.ts';
const COMMIT = 'contracts/store/commit.ts';
const STATE = 'contracts/store/entry-state.ts';
const LEADERSHIP = 'leader/scheduling/leadership.ts';
const COMMITTER = 'leader/scheduling/committer.ts';
const DECIDE = 'entries/planning/decide.ts';
const CATCH_UP = 'entries/planning/catch-up.ts';
const PLANNED = 'entries/planning/planned-change.ts';
const OUTBOX = 'leader/outbox/outbox-ledger.ts';
const PUBLISHER = 'leader/outbox/term-publisher.ts';
const INBOX = 'leader/inbox/command-inbox.ts';
const GATE = 'leader/scheduling/overlap-gate.ts';

/** Broken on purpose: the simulation must find each of them. */
export const VARIANTS: Readonly<Record<string, Variant>> = {
  // The store.
  'no-fencing': {
    what: 'the store does not check the fencing token',
    rules: ['fenced'],
    file: LEDGER,
    text: `if (token !== state.term) return { kind: 'fenced' } as const;`,
    instead: '',
  },
  'outbox-unfenced': {
    what: 'the store lets an older term empty the outbox',
    rules: ['fenced', 'not-lost'],
    file: LEDGER,
    text: `    async remove(token, ids, withdrawn = []) {\n      if (token !== state.term) return false;`,
    instead: `    async remove(_, ids, withdrawn = []) {`,
  },
  'states-not-compared': {
    what: 'the store does not compare states',
    rules: ['once', 'forward', 'fenced', 'accounted', 'atomic', 'command'],
    file: COMMIT,
    text: `if (conflicts.length === 0) return 'new';`,
    instead: `return 'new';`,
  },
  'repeat-is-conflict': {
    what: 'a repeated commit is answered with a conflict',
    rules: ['repeated'],
    file: COMMIT,
    text: `if (changes.every(({ after }, i) => texts[i] === after)) return 'repeated';`,
    instead: '',
  },
  'repeat-is-new': {
    what: 'a repeated commit is applied again',
    rules: ['atomic', 'once', 'accounted'],
    file: LEDGER,
    text: `if (found === 'repeated') return { kind: 'committed' };`,
    instead: '',
  },
  'publish-first': {
    what: 'the store publishes before its checks',
    rules: ['atomic', 'accounted'],
    file: LEDGER,
    text: `      const encoded = changes.map(encodeChange);\n      const found = check(token, encoded, commands);\n      if (typeof found === 'object') return found;\n      finishCommands(log, commands);\n      if (found`,
    instead: `      const encoded = changes.map(encodeChange);\n      const found = check(token, encoded, commands);\n      if (typeof found === 'object') {\n        await broker.publish(changes.flatMap(({ messages }) => messages));\n        return found;\n      }\n      finishCommands(log, commands);\n      if (found`,
  },
  'publishes-nothing': {
    what: 'the store writes states without their messages',
    rules: ['not-lost'],
    file: LEDGER,
    text: `broker.publish(changes.flatMap(({ messages }) => messages))`,
    instead: `broker.publish([])`,
  },
  'half-a-commit': {
    what: 'the store writes the first state of a commit only',
    rules: ['atomic', 'accounted', 'forward', 'not-lost'],
    file: LEDGER,
    text: `of encoded) {\n      if (after === null)`,
    instead: `of encoded.slice(0, 1)) {\n      if (after === null)`,
  },
  'no-history': {
    what: 'a commit appends nothing to the history',
    rules: ['accounted'],
    file: LEDGER,
    text: `if (limits) appendHistory(history, encodeHistory(changes, limits, clock.now()), limits);`,
    instead: '',
  },
  'no-audit': {
    what: 'a command leaves the log without an audit row',
    rules: ['command', 'once'],
    file: LOG,
    text: `if (id !== null) audit.set(id, row);`,
    instead: `if (id === '') audit.set(id, row);`,
  },
  'command-before-checks': {
    what: 'a command is removed before the commit with its effect is checked',
    rules: ['command', 'atomic', 'fenced'],
    file: LEDGER,
    text: `      const found = check(token, encoded, commands);\n      if (typeof found === 'object') return found;\n      finishCommands(log, commands);\n      if (found`,
    instead: `      finishCommands(log, commands);\n      const found = check(token, encoded, commands);\n      if (typeof found === 'object') return found;\n      if (found`,
  },
  'lock-without-end': {
    what: 'the lock of a killed leader never expires',
    rules: ['at-rest'],
    file: 'drivers/memory/lock.ts',
    text: `state.holder === null || state.until <= clock.monotonic()`,
    instead: `state.holder === null`,
  },

  // Terms.
  'trust-without-end': {
    what: 'a leader trusts its lease after its end',
    rules: ['trusted'],
    file: LEADERSHIP,
    text: `return startedAt + ttl - ttl / 10;`,
    instead: `return startedAt + 1_000 * ttl;`,
  },
  'waits-for-notification': {
    what: 'a follower waits for the release of the lock, without a timer',
    rules: ['at-rest'],
    file: LEADERSHIP,
    text: `await waitAtMost(clock, this.#retryInterval, stop, (end) => lock.waitForRelease(end));`,
    instead: `await lock.waitForRelease(stop);`,
  },
  'conflict-ignored': {
    what: 'a conflict counts as committed',
    rules: ['at-rest', 'trusted', 'accounted'],
    file: COMMITTER,
    text: `if (outcome.kind === 'committed' || outcome.kind === 'store-rejected') {`,
    instead: `if (outcome.kind === 'conflict') return { kind: 'committed' };\n        if (outcome.kind === 'committed' || outcome.kind === 'store-rejected') {`,
  },

  // States.
  'rev-not-moved': {
    what: 'a commit does not move rev',
    rules: ['forward', 'once', 'atomic', 'repeated', 'not-lost', 'accounted'],
    file: STATE,
    text: `rev: state.rev + 1 }`,
    instead: `rev: state.rev }`,
  },
  'later-fields-dropped': {
    what: 'a commit drops fields of a later release',
    rules: ['kept'],
    file: STATE,
    text: `return { ...state, ...changes, version, rev: state.rev + 1 };`,
    instead: `const { later: _, ...known } = state as EntryState & { later?: unknown };\n  return { ...known, ...changes, version, rev: state.rev + 1 };`,
  },
  'edit-resets': {
    what: 'an edited schedule forgets its last occurrence',
    rules: ['forward', 'accounted'],
    file: 'entries/planning/adopt.ts',
    text: `advance(state, { spec, anchor: now, skip: undefined })`,
    instead: `advance(state, { spec, anchor: now, skip: undefined, dueAt: null })`,
  },
  'edit-keeps-skips': {
    what: 'a request to skip an occurrence outlives the schedule that it was made for',
    rules: ['accounted', 'policy'],
    file: 'entries/planning/adopt.ts',
    text: `anchor: now, skip: undefined }`,
    instead: `anchor: now }`,
  },
  'counts-from-anchor': {
    what: 'the next occurrence is computed from the anchor',
    rules: ['once', 'accounted', 'forward'],
    file: 'entries/planning/next-due.ts',
    text: `return state.dueAt === null ? state.anchor : Math.max(state.anchor, state.dueAt);`,
    instead: `return state.anchor;`,
  },
  'restarts-from-now': {
    what: 'a new term counts from now instead of from the state',
    rules: ['accounted', 'policy'],
    file: CATCH_UP,
    text: `const newest = latestFrom(schedule, first, now);`,
    instead: `const newest = latestFrom(schedule, first, now);\n  if (newest !== first) return { runs: [newest], skipped: [], changes: { dueAt: newest } };`,
  },

  // Decisions.
  'catch-up-counted-twice': {
    what: 'caught-up runs are due again after a restart',
    rules: ['accounted', 'once'],
    file: CATCH_UP,
    text: `const changes = { dueAt: newest };`,
    instead: `const changes = { dueAt: first };`,
  },
  'skips-in-silence': {
    what: 'missed occurrences are skipped without a row',
    rules: ['accounted'],
    file: CATCH_UP,
    text: `skipped.push({ reason, ...skip });`,
    instead: '',
  },
  'deadline-ignored': {
    what: 'runs are published after their deadline',
    rules: ['policy'],
    file: CATCH_UP,
    text: `lateness: startingDeadline ?? (missed`,
    instead: `lateness: (missed`,
  },
  'pause-forgotten': {
    what: 'a pause is forgotten',
    rules: ['policy', 'accounted'],
    file: 'entries/planning/agenda.ts',
    text: `state.pause ? (state.pause.until ?? Infinity) : dueAt`,
    instead: `dueAt`,
  },
  'skip-forgotten': {
    what: 'a request to skip an occurrence is forgotten',
    rules: ['policy'],
    file: DECIDE,
    text: `const asked = state.skip?.filter((at) => at >= first) ?? [];`,
    instead: `const asked: number[] = [];`,
  },
  overlapping: {
    what: 'no run counts as running',
    rules: ['overlap'],
    file: DECIDE,
    text: `const running = stillRunning(entry, before, now);`,
    instead: `const running: readonly RunningRun[] = [];`,
  },
  'running-not-stored': {
    what: 'the state does not have the runs that are running',
    rules: ['overlap'],
    file: PLANNED,
    text: `running: limitsOverlap(entry) ? addRunning({ ...before, ...changes }, history) : undefined,`,
    instead: `running: undefined,`,
  },
  'manual-run-moves': {
    what: 'a manual run counts as the next occurrence',
    rules: ['accounted'],
    file: 'entries/commands/entry-commands.ts',
    text: '{ runs: [now] }',
    instead: '{ runs: [now], changes: { dueAt: now } }',
  },
  'id-by-time': {
    what: 'a run that is published again has another id',
    rules: ['same-id'],
    file: 'entries/compose/compose.ts',
    text: `const own = computeTaskId(entry.name, dueAt, messageContext.keyPrefix, commandId);`,
    instead: `const own = computeTaskId(entry.name, dueAt, messageContext.keyPrefix, \`\${commandId ?? ''} \${sentAt}\`);`,
  },

  // Commands.
  'command-repeated': {
    what: 'a command that was sent twice is applied twice',
    rules: ['command'],
    file: INBOX,
    text: `(await log.findAudit([id])).has(id)`,
    instead: `false`,
  },
  'command-split': {
    what: 'a command ends in a commit of its own, before its effect',
    rules: ['command'],
    file: COMMITTER,
    text: `const commit = { token: term.token, changes, commands: finished ? [finished] : [] };`,
    instead: `if (finished) await this.finish(finished, term);\n    const commit = { token: term.token, changes, commands: [] };`,
  },
  'command-without-effect': {
    what: 'a command is answered, and its effect is not committed',
    rules: ['command', 'at-rest'],
    file: COMMITTER,
    text: `const commit = { token: term.token, changes, commands: finished ? [finished] : [] };`,
    instead: `const commit = { token: term.token, changes: finished ? [] : changes, commands: finished ? [finished] : [] };`,
  },
  'log-not-read': {
    what: 'a leader reads the command log only when its term begins',
    rules: ['at-rest', 'command'],
    file: INBOX,
    text: `    this.#hasArrived = true;`,
    instead: '',
  },

  // The outbox.
  unconfirmed: {
    what: 'messages leave the outbox before the broker has confirmed them',
    rules: ['not-lost'],
    file: 'leader/outbox/message-states.ts',
    text: `(await Promise.all(answers)).flatMap((each) => [...each])`,
    instead: `(void Promise.allSettled(answers), [] as never[])`,
  },
  'withdrawn-in-silence': {
    what: 'a message is withdrawn without a row in the history',
    rules: ['not-lost'],
    file: PUBLISHER,
    text: `outbox.remove(this.token, ids, rows)`,
    instead: `outbox.remove(this.token, ids, rows.slice(0, 0))`,
  },
  'rejected-once': {
    what: 'a rejected message is not published again',
    rules: ['at-rest'],
    file: OUTBOX,
    text: `return this.#isUnsure || waiting.length > 0;`,
    instead: `return this.#isUnsure && waiting.length < 0;`,
  },

  // Stored entries, reloads, outcomes.
  'window-not-moved': {
    what: 'stored entries are loaded once',
    rules: ['at-rest'],
    file: 'leader/scheduling/scheduled-entries.ts',
    text: `this.#loadAt = isWhole ? now + WINDOW / 2 : this.#horizon;`,
    instead: `this.#loadAt = Infinity;`,
  },
  'index-not-written': {
    what: 'the index does not have the next occurrence of a stored entry',
    rules: ['at-rest'],
    file: 'entries/planning/next-due.ts',
    text: `return wakeAt === Infinity ? null : wakeAt;`,
    instead: `return wakeAt === Infinity ? null : wakeAt + 365 * 86_400_000;`,
  },
  'reload-ignored': {
    what: 'the scheduler ignores a reload',
    rules: ['at-rest', 'accounted', 'policy'],
    file: 'leader/reload/reloader.ts',
    text: `await scheduler.reload(waiting.entries.difference, term);`,
    instead: `void scheduler.reload;`,
  },
  'reads-in-a-loop': {
    what: 'an entry whose pause has ended reads results in a loop until it is due',
    rules: ['calm'],
    file: GATE,
    text: ` || dueAt > clock.now()) return true;`,
    instead: `) return true;`,
  },
};
