import { describe, expect, test } from 'vitest';
import { Events } from '../../../../src/contracts/events/events.ts';
import type { CommandEvent } from '../../../../src/contracts/events/beat-events.ts';
import type { FinishedCommand } from '../../../../src/contracts/store/command-log.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { finishCommands, memoryCommandLog, newCommandState } from '../../../../src/drivers/memory/command-log.ts';
import type { Difference } from '../../../../src/entries/catalog/catalog.ts';
import type { Command } from '../../../../src/entries/commands/command.ts';
import type { Applied } from '../../../../src/entries/commands/entry-commands.ts';
import { CommandInbox } from '../../../../src/leader/inbox/command-inbox.ts';
import type { CommandEngine, Prepared } from '../../../../src/leader/scheduling/command-engine.ts';
import type { Term } from '../../../../src/leader/scheduling/term.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { StoreError } from '../../../../src/util/errors.ts';
import type { Steps } from '../../../../src/util/steps.ts';
import { Wakeup } from '../../../../src/util/wakeup.ts';
import { boundLedger } from '../../../support/bound-ledger.ts';
import { NEW_STATE } from '../../../support/change.ts';
import { makeEntry } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';
import { settle } from '../../../support/settle.ts';

const NEVER = new AbortController().signal;
const NOTHING: Difference = { added: [], changed: [], removed: [] };

type Engine = Pick<CommandEngine, keyof CommandEngine>;

const doNothing = () => {};

/** An inbox over a log in memory, and an engine that a test replaces in part. */
class Rig {
  readonly clock = new ManualClock('2027-03-01T12:00:00Z');
  readonly wakeup = new Wakeup();
  readonly #state = newCommandState();
  readonly log = memoryCommandLog(this.#state);
  /** The entries of the commands that were prepared, and what was committed and finished, in order. */
  readonly done: string[] = [];
  readonly emitted: CommandEvent[] = [];
  readonly failures: string[] = [];
  /** Calls of the log and of the engine that fail the next time. */
  readonly broken = new Set<string>();
  /** How often the log was read. */
  reads = 0;
  stop = new AbortController();
  isTrusted = true;
  /** Called when a command is prepared. */
  onPrepare: (entry: string) => void = doNothing;
  decide: (entry: string) => Prepared = (entry) => applied(entry);
  reload: () => Promise<Difference> = () => Promise.resolve(NOTHING);
  /** Steps of each command before its last one. */
  steps = 0;

  readonly engine: Engine = {
    wakeAt: Infinity,
    definitions: undefined,
    prepare: async (command) => {
      const entry = entryOf(command);
      this.#fail('prepare');
      this.done.push(`prepare ${entry}`);
      this.onPrepare(entry);
      return this.#decide(entry);
    },
    isCurrent: async () => {
      this.#fail('isCurrent');
      return true;
    },
    commit: async (effect, finished) => {
      this.#fail('commit');
      const { entry } = effect as Applied;
      this.done.push(`commit ${entry.name}`);
      if (finished) finishCommands(this.#state, [finished]);
      return null;
    },
    finish: async (finished) => this.finish(finished),
  };

  readonly inbox: CommandInbox;

  constructor(engine: Partial<Engine> = {}) {
    Object.assign(this.engine, engine);
    const events = new Events();
    events.on('command', (event) => this.emitted.push(event));
    events.on('failure', ({ operation, error }) => this.failures.push(`${operation.kind}: ${String(error)}`));
    events.on('recovered', ({ operation }) => this.failures.push(`${operation.kind}: recovered`));
    this.inbox = new CommandInbox({
      log: {
        ...this.log,
        pending: async (limit) => {
          this.reads += 1;
          this.#fail('pending');
          return this.log.pending(limit);
        },
        findAudit: async (ids) => {
          this.#fail('findAudit');
          return this.log.findAudit(ids);
        },
      },
      engine: this.engine,
      reload: () => this.reload(),
      wakeup: this.wakeup,
      events,
      clock: this.clock,
    });
  }

  get term(): Term {
    const { signal } = this.stop;
    const isTrusted = () => this.isTrusted;
    return {
      token: 1,
      stop: signal,
      signal,
      get trusted() {
        return isTrusted();
      },
    };
  }

  async append(...entries: readonly string[]): Promise<void> {
    for (const entry of entries) await this.log.append(JSON.stringify({ id: `id of ${entry}`, do: 'run', entry }));
  }

  async appendReload(id: string): Promise<void> {
    await this.log.append(JSON.stringify({ id, do: 'reload' }));
  }

  finish(finished: FinishedCommand): void {
    this.#fail('finish');
    finishCommands(this.#state, [finished]);
    const { answer } = JSON.parse(finished.audit) as { readonly answer: string };
    this.done.push(`finish: ${answer}`);
  }

  /** Whether the leader was woken since the last call. */
  async isWoken(): Promise<boolean> {
    await settle();
    const { aborted } = this.wakeup.signal(NEVER);
    this.wakeup.reset();
    return aborted;
  }

  get applied(): readonly string[] {
    return this.emitted.filter(({ status }) => status === 'applied').map(({ entry }) => entry ?? 'reload');
  }

  *#decide(entry: string): Steps<Prepared> {
    for (let i = 0; i < this.steps; i++) yield;
    return this.decide(entry);
  }

  #fail(call: string): void {
    if (this.broken.delete(call)) throw new StoreError(`${call}: unreachable`);
  }
}

function entryOf(command: Command): string {
  return 'entry' in command && command.entry !== null ? command.entry : '';
}

function applied(name: string, isPart = false): Applied {
  return {
    kind: 'applied',
    entry: makeEntry({ name }),
    before: NEW_STATE,
    answer: `published ${name}`,
    isPart,
    runs: [],
    causeOf: () => 'manual',
    skipped: [],
    changes: {},
  };
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `e${i}`);

describe('command inbox, a slice:', () => {
  test.each([
    [10, 20],
    [4, 25],
  ])('a term begins with 20 commands or with those of 100 ms: of %d ms each, %d', async (ms, count) => {
    const rig = new Rig();
    rig.onPrepare = () => rig.clock.advance(ms);
    await rig.append(...names(40));
    await rig.inbox.begin(rig.term);
    expect(rig.applied).toEqual(names(count));
    expect(await rig.isWoken()).toBe(true);
    await rig.inbox.process(rig.term);
    expect(rig.applied.length).toBeGreaterThan(count);
  });

  test('it ends after 50 ms, and the next one begins at once', async () => {
    const rig = new Rig();
    expect(await rig.inbox.process(rig.term)).toBe(false);
    expect(rig.reads).toBe(0);
    await rig.inbox.begin(rig.term);
    rig.onPrepare = () => rig.clock.advance(10);
    await rig.append(...names(8));
    expect(await rig.isWoken()).toBe(true);
    expect(await rig.inbox.process(rig.term)).toBe(true);
    expect(rig.applied).toEqual(names(5));
    expect(await rig.isWoken()).toBe(true);
    expect(await rig.inbox.process(rig.term)).toBe(true);
    expect(rig.applied).toEqual(names(8));
    expect(await rig.isWoken()).toBe(false);
    expect(await rig.inbox.process(rig.term)).toBe(false);
  });

  test('it ends when a run is due', async () => {
    const rig = new Rig();
    await rig.inbox.begin(rig.term);
    Object.assign(rig.engine, { wakeAt: rig.clock.now() + 2 });
    rig.onPrepare = () => rig.clock.advance(1);
    await rig.append(...names(5));
    await settle();
    await rig.inbox.process(rig.term);
    expect(rig.applied).toEqual(names(2));
  });

  test('a command that takes several is prepared once, and again when the settings have changed', async () => {
    const rig = new Rig();
    rig.steps = 2;
    await rig.append('a');
    await rig.inbox.run(rig.term, () => true);
    expect(rig.inbox.isBehind).toBe(true);
    await rig.inbox.run(rig.term, () => true);
    expect(rig.done).toEqual(['prepare a']);
    Object.assign(rig.engine, { definitions: resolveSettings({}).definitions });
    await rig.inbox.run(rig.term, () => true);
    expect(rig.done).toEqual(['prepare a', 'prepare a']);
    await rig.inbox.run(rig.term);
    expect(rig.done).toEqual(['prepare a', 'prepare a', 'commit a']);
    expect(rig.inbox.isBehind).toBe(false);
  });

  test('a command in the middle of which a term ended is not continued if another leader has finished it', async () => {
    const rig = new Rig();
    rig.steps = 2;
    await rig.append('a', 'b');
    await rig.inbox.run(rig.term, () => true);
    const [first] = await rig.log.pending(1);
    rig.finish({ key: first!.key, id: 'id of a', audit: '{"answer":"published a"}' });
    await rig.inbox.begin(rig.term);
    expect(rig.applied).toEqual(['b']);
  });

  test('nothing is applied after a stop, or without trust in the lock', async () => {
    const rig = new Rig();
    await rig.append(...names(3));
    rig.onPrepare = () => rig.stop.abort();
    await rig.inbox.run(rig.term);
    expect(rig.applied).toEqual(names(1));
    rig.stop = new AbortController();
    rig.isTrusted = false;
    await rig.inbox.run(rig.term);
    expect(rig.applied).toEqual(names(1));
  });

  test('commands that arrive after the end of the term wake nothing', async () => {
    const rig = new Rig();
    await rig.inbox.begin(rig.term);
    rig.stop.abort();
    await rig.append('a');
    expect(await rig.isWoken()).toBe(false);
    expect(await rig.inbox.process(rig.term)).toBe(false);
  });
});

describe('command inbox, a store that fails:', () => {
  test('the log is read again after a second, and delays no schedule', async () => {
    const rig = new Rig();
    rig.broken.add('pending');
    await rig.append('a');
    await rig.inbox.begin(rig.term);
    expect(rig.failures).toEqual(['commands: StoreError: pending: unreachable']);
    rig.clock.advance(999);
    expect(await rig.isWoken()).toBe(false);
    expect(await rig.inbox.process(rig.term)).toBe(false);
    rig.clock.advance(1);
    expect(await rig.isWoken()).toBe(true);
    expect(await rig.inbox.process(rig.term)).toBe(true);
    expect(rig.applied).toEqual(['a']);
    expect(rig.failures.slice(1)).toEqual(['commands: recovered']);
  });

  test.each(['findAudit', 'prepare', 'isCurrent', 'commit', 'finish'])(
    'commands are applied in their order, once each, although %s failed',
    async (call) => {
      const rig = new Rig();
      rig.decide = (entry) =>
        entry === 'a' && call === 'finish' ? { kind: 'rejected', reason: 'no' } : applied(entry);
      await rig.append('a', 'b', 'c');
      rig.broken.add(call);
      await expect(rig.inbox.run(rig.term)).rejects.toThrow(`${call}: unreachable`);
      expect(rig.emitted).toEqual([]);
      await rig.inbox.run(rig.term);
      expect(rig.emitted.map(({ entry }) => entry)).toEqual(['a', 'b', 'c']);
      expect(await rig.log.pending(10)).toEqual([]);
    },
  );
});

describe('command inbox, a command:', () => {
  test('that is malformed is finished with the reason before the next one begins', async () => {
    const rig = new Rig();
    await rig.log.append('{"id":"malformed","do":"jump"}');
    await rig.append('a');
    rig.broken.add('finish');
    await expect(rig.inbox.run(rig.term)).rejects.toThrow('finish: unreachable');
    expect(rig.done).toEqual([]);
    await rig.inbox.run(rig.term);
    expect(rig.emitted).toMatchObject([
      { id: 'malformed', status: 'rejected' },
      { id: 'id of a', status: 'applied' },
    ]);
  });

  test('is prepared again if its entry has changed, and committed once and before the next one', async () => {
    let isCurrent = false;
    const rig = new Rig({
      isCurrent: async () => {
        const answer = isCurrent;
        isCurrent = true;
        return answer;
      },
    });
    await rig.append('a', 'b');
    await rig.inbox.run(rig.term);
    expect(rig.done).toEqual(['prepare a', 'prepare a', 'commit a', 'prepare b', 'commit b']);
  });

  test('that has several parts is finished and reported with the last of them', async () => {
    const rig = new Rig();
    let left = 3;
    rig.decide = (entry) => applied(entry, --left > 0);
    await rig.append('a');
    for (const parts of [1, 2]) {
      await rig.inbox.run(rig.term, () => true);
      expect(rig.done.filter((each) => each === 'commit a')).toHaveLength(parts);
      expect(rig.emitted).toEqual([]);
      expect(await rig.log.pending(10)).toHaveLength(1);
    }
    await rig.inbox.run(rig.term);
    expect(rig.done).toEqual(['prepare a', 'commit a', 'prepare a', 'commit a', 'prepare a', 'commit a']);
    expect(rig.emitted).toMatchObject([{ id: 'id of a', do: 'run', entry: 'a', answer: 'published a' }]);
    expect(await rig.log.pending(10)).toEqual([]);
  });

  test('that the store rejects is finished with the reason, and has no further part', async () => {
    const rig = new Rig({ commit: async () => 'no such queue' });
    rig.decide = (entry) => applied(entry, true);
    await rig.append('a');
    await rig.inbox.run(rig.term);
    expect(rig.done).toEqual(['prepare a', 'finish: no such queue']);
    expect(rig.emitted).toMatchObject([{ status: 'rejected', answer: 'no such queue' }]);
  });

  test('whose steps throw is rejected, and the next one is applied', async () => {
    const rig = new Rig();
    rig.decide = (entry) => {
      if (entry === 'a') throw new Error('no such day');
      return applied(entry);
    };
    await rig.append('a', 'b');
    await rig.inbox.run(rig.term);
    expect(rig.emitted).toMatchObject([
      { entry: 'a', status: 'rejected', answer: 'no such day' },
      { entry: 'b', status: 'applied' },
    ]);
  });
});

describe('command inbox, a reload:', () => {
  test('while it runs, the log is read every 100 ms; afterwards, when a command arrives', async () => {
    const rig = new Rig();
    const { promise, resolve } = Promise.withResolvers<Difference>();
    rig.reload = () => promise;
    await rig.appendReload('1');
    await rig.inbox.begin(rig.term);
    await rig.append('a');
    rig.clock.advance(99);
    expect(await rig.isWoken()).toBe(false);
    rig.clock.advance(1);
    expect(await rig.isWoken()).toBe(true);
    await rig.inbox.process(rig.term);
    expect(rig.applied).toEqual(['a']);
    resolve({ added: ['a'], changed: [], removed: ['b', 'c'] });
    expect(await rig.isWoken()).toBe(true);
    await rig.inbox.process(rig.term);
    expect(rig.emitted.at(-1)).toMatchObject({ do: 'reload', answer: 'reloaded: 1 added, 0 changed, 2 removed' });
    expect(await rig.log.pending(10)).toEqual([]);
    const { reads } = rig;
    rig.clock.advance(60_000);
    expect(await rig.isWoken()).toBe(false);
    expect(rig.reads).toBe(reads);
  });

  test('is answered before a command that was sent after it', async () => {
    const rig = new Rig();
    await rig.appendReload('1');
    await rig.inbox.run(rig.term);
    await settle();
    await rig.append('a');
    await rig.inbox.run(rig.term);
    expect(rig.applied).toEqual(['reload', 'a']);
  });

  test('with a thousand under way, other commands wait until one has ended', async () => {
    const rig = new Rig();
    const ends: (() => void)[] = [];
    rig.reload = () => new Promise((resolve) => ends.push(() => resolve(NOTHING)));
    for (let i = 0; i < 999; i++) await rig.appendReload(`${i}`);
    await rig.append('a');
    await rig.appendReload('last');
    await rig.append('b');
    await rig.inbox.run(rig.term);
    expect(ends).toHaveLength(1_000);
    expect(rig.applied).toEqual(['a', 'b']);
    await rig.append('c');
    const { reads } = rig;
    await rig.inbox.run(rig.term);
    expect(rig.reads).toBe(reads);
    ends[0]!();
    await settle();
    await rig.inbox.run(rig.term);
    expect(rig.applied).toEqual(['a', 'b', 'reload', 'c']);
  });
});

const DEFINITION = { task: 'tasks.digest', schedule: 60 };

test('command inbox: a slice ends after the command during which its time is over, and the next slice continues', async () => {
  const rig = makeRig();
  const { runCommands } = await rig.begin([makeEntry({ name: 'e' })]);
  for (let i = 0; i < 5; i++) await rig.store.commands.append(command(i, { do: 'run', entry: 'e' }));
  let asked = 0;
  expect(await runCommands(() => ++asked === 2)).toBe(true);
  expect(rig.emitted.sent).toHaveLength(2);
  expect(await runCommands(() => true)).toBe(true);
  expect(rig.emitted.sent).toHaveLength(3);
  expect(await runCommands(() => false)).toBe(false);
  expect(rig.emitted.sent).toHaveLength(5);
  expect(await rig.store.commands.pending(10)).toEqual([]);
});

test('command inbox: an add of 1,000 entries is read one definition in a slice, and is one commit', async () => {
  const commits: number[] = [];
  const rig = makeRig({
    wrapStored: (entries) => entries,
    wrapLedger: (ledger) => ({
      ...boundLedger(ledger),
      commit: (commit, stop) => {
        commits.push(commit.changes.length);
        return ledger.commit(commit, stop);
      },
    }),
  });
  const { runCommands } = await rig.begin([]);
  const names = Array.from({ length: 1_000 }, (_, i) => `digest ${i}`);
  const entries = Object.fromEntries(names.map((name) => [name, DEFINITION]));
  await rig.store.commands.append(command(1, { do: 'add', entries }));
  let slices = 1;
  while (await runCommands(() => true)) {
    slices += 1;
    if (slices <= 1_000) expect(commits).toEqual([]);
  }
  expect(slices).toBeGreaterThan(1_000);
  expect(commits).toEqual([1_000]);
  expect(await rig.store.entries.find(names)).toHaveLength(1_000);
});

function command(id: number, fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ id: `command ${id}`, ...fields });
}
