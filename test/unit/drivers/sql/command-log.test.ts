import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { createCommandLog, finishCommands } from '../../../../src/drivers/sql/command-log.ts';
import type { Database } from '../../../../src/drivers/sql/database.ts';
import { DatabaseError } from '../../../../src/drivers/sql/database-error.ts';
import type { ErrorKind } from '../../../../src/drivers/sql/dialect.ts';
import { Topic } from '../../../../src/drivers/sql/notifications.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import type { Sql } from '../../../../src/drivers/sql/sql.ts';
import { AUDIT_ROWS, type CommandLog } from '../../../../src/contracts/store/command-log.ts';
import { settle } from '../../../support/settle.ts';

/** A leader that waits for commands in a log of which the test decides the number of commands. */
class Leader {
  readonly clock = new ManualClock('2027-03-01T12:00:00Z');
  readonly topic = new Topic(() => (this.opened += 1));
  readonly log: CommandLog;
  opened = 0;
  commands = 0;
  reads = 0;
  error: ErrorKind | null = null;

  constructor(options: { readonly notified: boolean }) {
    const db = {
      sql: STATEMENTS,
      read: async (operation: string) => {
        this.reads += 1;
        if (this.error) throw new DatabaseError(operation, this.error, {});
        return Array.from({ length: this.commands }, (_, i) => ({ position: i, json: `{"n":${i}}`, bytes: 7 }));
      },
    };
    this.log = createCommandLog(db as unknown as Database, 'beat', options.notified ? this.topic : null, this.clock);
  }

  wait(signal = new AbortController().signal): { ended: boolean } {
    const state = { ended: false };
    void this.log.waitForCommand(signal).then(() => (state.ended = true));
    return state;
  }

  async pass(ms: number): Promise<void> {
    await settle();
    this.clock.advance(ms);
    await settle();
  }
}

test('sql command log: without notifications, a leader polls every 50 ms until there is a command', async () => {
  const leader = new Leader({ notified: false });
  const wait = leader.wait();
  await leader.pass(49);
  expect(leader.reads).toBe(1);
  await leader.pass(1);
  expect(leader.reads).toBe(2);
  expect(wait.ended).toBe(false);
  leader.commands = 1;
  await leader.pass(50);
  expect(wait.ended).toBe(true);
});

test('sql command log: a leader that polls goes on after a failed read, and ends its wait when a right is missing', async () => {
  const leader = new Leader({ notified: false });
  leader.error = 'connection-lost';
  const wait = leader.wait();
  await leader.pass(50);
  await leader.pass(50);
  expect([leader.reads, wait.ended]).toEqual([3, false]);
  leader.error = 'denied';
  await leader.pass(50);
  expect(wait.ended).toBe(true);
});

test('sql command log: an abort ends the wait of a leader that polls, and no read follows', async () => {
  const leader = new Leader({ notified: false });
  const stop = new AbortController();
  const wait = leader.wait(stop.signal);
  await settle();
  stop.abort();
  await leader.pass(1_000);
  expect([leader.reads, wait.ended]).toEqual([1, true]);
});

test('sql command log: with notifications, a wait ends with the next one and reads nothing', async () => {
  const leader = new Leader({ notified: true });
  const wait = leader.wait();
  await leader.pass(999);
  expect(wait.ended).toBe(false);
  leader.topic.notify();
  await settle();
  expect([wait.ended, leader.reads, leader.opened]).toEqual([true, 0, 1]);
});

test('sql command log: with notifications, a wait ends after a second without one', async () => {
  const leader = new Leader({ notified: true });
  const wait = leader.wait();
  await leader.pass(999);
  expect(wait.ended).toBe(false);
  await leader.pass(1);
  expect(wait.ended).toBe(true);
});

test('sql command log: a notification since the last read ends the next wait at once, an earlier one does not', async () => {
  const leader = new Leader({ notified: true });
  leader.topic.notify();
  await leader.log.pending(1);
  const first = leader.wait();
  await settle();
  expect(first.ended).toBe(false);
  leader.topic.notify();
  const second = leader.wait();
  await settle();
  expect([first.ended, second.ended]).toEqual([true, true]);
});

test('sql command log: keys and texts of commands are strings', async () => {
  const leader = new Leader({ notified: true });
  leader.commands = 2;
  expect(await leader.log.pending(10)).toEqual([
    { key: '0', json: '{"n":0}' },
    { key: '1', json: '{"n":1}' },
  ]);
});

test('sql command log: a search for no ids runs no statement', async () => {
  const leader = new Leader({ notified: true });
  expect(await leader.log.findAudit([])).toEqual(new Map());
  expect(leader.reads).toBe(0);
});

/** The statements that finish these commands, with their values. */
async function finish(
  count: number,
  idOf: (i: number) => string | null,
  auditOf = (i: number) => `{"i":${i}}`,
): Promise<Sql[]> {
  const statements: Sql[] = [];
  const tx = {
    run: async (statement: Sql) => {
      statements.push(statement);
      return { rows: [], changes: 0 };
    },
  };
  const finished = Array.from({ length: count }, (_, i) => ({ key: String(i), id: idOf(i), audit: auditOf(i) }));
  await finishCommands(tx, STATEMENTS, 'beat', finished);
  return statements;
}

test('sql command log: a commit without commands runs no statement for them', async () => {
  expect(await finish(0, String)).toEqual([]);
});

test('sql command log: a commit removes its commands, adds audit rows in order, and trims them to 10,000', async () => {
  expect(AUDIT_ROWS).toBe(10_000);
  expect(await finish(2, (i) => `id-${i}`)).toEqual([
    STATEMENTS.removeCommands('beat', ['0', '1']),
    STATEMENTS.writeAudit('beat', [
      ['id-0', '{"i":0}'],
      ['id-1', '{"i":1}'],
    ]),
    STATEMENTS.trimAudit('beat', 10_000),
  ]);
});

test('sql command log: a command without an id is removed, and has no audit row', async () => {
  expect(await finish(2, (i) => (i === 0 ? null : 'one'))).toEqual([
    STATEMENTS.removeCommands('beat', ['0', '1']),
    STATEMENTS.writeAudit('beat', [['one', '{"i":1}']]),
    STATEMENTS.trimAudit('beat', 10_000),
  ]);
});

test('sql command log: more than 1,000 commands are finished with several statements', async () => {
  const statements = await finish(1_001, String);
  expect(statements.map(({ text }) => text.split(' ')[0])).toEqual([
    ...['DELETE', 'DELETE', 'INSERT', 'INSERT', 'DELETE'],
  ]);
});

test('sql command log: audit rows of more than a million characters are added with several statements', async () => {
  const statements = await finish(3, String, () => 'x'.repeat(400_000));
  expect(statements.map(({ text }) => text.split(' ')[0])).toEqual(['DELETE', 'INSERT', 'INSERT', 'DELETE']);
});
