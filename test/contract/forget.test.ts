import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/util/system-clock.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import { storeOptions } from '../../src/config/service/store-options.ts';
import { openState } from '../../src/drivers/open-store.ts';
import { NEW_STATE } from '../support/change.ts';
import { runCommand } from '../support/command.ts';
import { Folder } from '../support/folder.ts';
import { MariaServer } from '../support/mariadb.ts';
import { PostgresServer } from '../support/postgres.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const DAMAGED = '{"spec":';

interface TestStore {
  readonly url: string;
  readonly damage: (entry: string) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

const PLACES: [string, string | false, (folder: Folder) => Promise<TestStore>][] = [
  [
    'sqlite',
    '',
    async (folder) => {
      const path = `${folder.path}/beat.sqlite`;
      return {
        url: `sqla+sqlite:///${path}`,
        damage: async (entry) => {
          using db = new DatabaseSync(path);
          db.prepare('UPDATE beat_entry SET state = ? WHERE entry = ?').run(DAMAGED, entry);
        },
        stop: async () => {},
      };
    },
  ],
  [
    'redis',
    requireService('redis-server'),
    async () => {
      const server = await RedisServer.start();
      const damage = (entry: string) => server.client.hset('beat:states', entry, DAMAGED);
      return { url: server.url(), damage, stop: () => server.stop() };
    },
  ],
  [
    'postgresql',
    requireService('postgres'),
    async () => {
      const server = await PostgresServer.start();
      const update = 'UPDATE beat_entry SET state = ? WHERE entry = ?';
      const damage = (entry: string) => server.query(update, DAMAGED, entry);
      return { url: server.url(), damage, stop: () => server.stop() };
    },
  ],
  [
    'mysql',
    requireService('mariadbd'),
    async () => {
      const server = await MariaServer.start();
      const update = 'UPDATE beat_entry SET state = ? WHERE entry = ?';
      const damage = (entry: string) => server.query(update, DAMAGED, entry);
      return { url: server.url(), damage, stop: () => server.stop() };
    },
  ],
];

describe.each(PLACES)('beat forget, with a ledger in %s', (_, missing, start) => {
  let folder: Folder;
  let testStore: TestStore;

  beforeAll(async () => {
    if (missing) return;
    const entry = { task: 'tasks.note', schedule: 3_600 };
    const beatSchedule = { 'nightly-report': entry, "it's": entry };
    folder = new Folder({ 'beat.config.json': JSON.stringify({ resultExpires: null, beatSchedule }) });
    testStore = await start(folder);
  });
  afterAll(async () => {
    if (missing) return;
    await testStore.stop();
    folder[Symbol.dispose]();
  });

  const beat = (...args: string[]) => runCommand('-b', testStore.url, '-c', `${folder.path}/beat.config.json`, ...args);
  const state = () =>
    openState(storeOptions(resolveSettings({ brokerUrl: testStore.url, beatSchedule: {} }), systemClock));
  const write = async (...entries: string[]) => {
    const store = await state();
    const term = await store.ledger.beginTerm();
    for (const entry of entries) await store.ledger.removeState(term, entry);
    await store.ledger.commit({
      token: term,
      changes: entries.map((entry) => ({ entry, before: null, after: NEW_STATE, messages: [] })),
    });
    await store.close();
  };
  const states = async () => {
    const store = await state();
    const found = await store.ledger.load();
    await store.close();
    return found;
  };

  test.skipIf(missing)('repairs a damaged state, so that the schedule restarts from now', async () => {
    await write('nightly-report', 'gone', "it's");
    await testStore.damage('nightly-report');
    const listed = await beat('list');
    expect(listed.code).toBe(1);
    expect(listed.stderr).toContain('its schedule restarts from now with: beat forget nightly-report');
    const before = Date.now();
    expect(await beat('forget', 'nightly-report')).toMatchObject({
      code: 0,
      stdout: 'Removed the state of entry "nightly-report", which could not be read: its schedule restarts from now\n',
      stderr: '',
    });
    const found = await states();
    expect(found.get('nightly-report')!.anchor).toBeGreaterThanOrEqual(before);
    expect(found.get('nightly-report')).toMatchObject({ dueAt: null, runCount: 0 });
    expect(found.get('gone')).toEqual(NEW_STATE);
    expect((await beat('list')).code).toBe(0);
  });

  test.skipIf(missing)('permanently removes the state of an entry that is not configured', async () => {
    await write('gone');
    expect((await beat('forget', 'gone')).code).toBe(0);
    expect([...(await states()).keys()]).not.toContain('gone');
  });

  test.skipIf(missing)('accepts quoted names that a shell cannot pass', async () => {
    const odd = 'a\n\'"\\b';
    await write(odd, '-x');
    expect((await beat('forget', '--quoted', JSON.stringify(odd))).code).toBe(0);
    expect((await beat('forget', '--', '-x')).code).toBe(0);
    expect((await beat('forget', '--quoted', '"it\\u0027s"')).code).toBe(0);
    expect([...(await states()).keys()]).not.toContain(odd);
    expect([...(await states()).keys()]).not.toContain('-x');
  });

  test.skipIf(missing)('rejects an unknown name and suggests the nearest one', async () => {
    await write('nightly-report');
    const answer = await beat('forget', 'nightly-reprot');
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toContain('no entry "nightly-reprot"; did you mean "nightly-report"?');
    expect((await beat('forget', '--quoted', 'no json')).stderr).toContain('--quoted: expected a JSON string');
  });
});

test('beat forget --help describes the effect on runs and on a leader', async () => {
  const { stdout } = await runCommand('forget', '--help');
  for (const word of ['--quoted', 'begins a new term', 'outbox']) expect(stdout).toContain(word);
});
