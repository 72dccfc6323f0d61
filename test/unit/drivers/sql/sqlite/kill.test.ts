import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Folder } from '../../../../support/folder.ts';
import { makeStateAfter, openFile } from '../../../../support/sqlite.ts';

const COMMITTER = fileURLToPath(new URL('../../../../support/sqlite-committer.ts', import.meta.url));
const ENTRIES = 40;

function startCommitter(path: string, commits = 0): ChildProcess {
  return spawn(process.execPath, [COMMITTER, path, String(ENTRIES), String(commits)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --disable-warning=ExperimentalWarning` },
  });
}

async function* linesOf(child: ChildProcess): AsyncGenerator<[string, number]> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const [word = '', number] = line.split(' ');
    yield [word, Number(number)];
  }
}

/** Kills the process after some confirmed commits; returns the last confirmed run. */
async function killAfter(child: ChildProcess, answers: number): Promise<number> {
  let last = 0;
  let seen = 0;
  for await (const [word, number] of linesOf(child)) {
    if (word !== 'committed') continue;
    last = number;
    if (++seen === answers) child.kill('SIGKILL');
  }
  return last;
}

test('sqlite: commits survive a killed process, and none is partial', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');

  for (const answers of [1, 7, 2, 23, 11, 40]) {
    const answered = await killAfter(startCommitter(path), answers);

    const store = openFile(path);
    const records = await store.ledger.load();
    const runs = records.get('entry-0')!.runCount;
    expect(runs).toBeGreaterThanOrEqual(answered);
    expect(records.size).toBe(ENTRIES);
    for (const [entry, record] of records) expect(record).toEqual(makeStateAfter(entry, runs));
    await store.close();

    using db = new DatabaseSync(path);
    const sent = db.prepare('SELECT payload FROM kombu_message ORDER BY id').all();
    const expected = Array.from({ length: runs }, (_, i) =>
      [...Array(ENTRIES).keys()].map((entry) => `entry-${entry}:${i + 1}`),
    );
    expect(sent.map((row) => taskId(row['payload'] as string))).toEqual(expected.flat());
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  }
});

test('sqlite: processes that create the file at the same time share it', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const terms = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const child = startCommitter(path, 1);
      const exit = once(child, 'exit');
      let term = 0;
      for await (const [word, number] of linesOf(child)) if (word === 'term') term = number;
      expect(await exit).toEqual([0, null]);
      return term;
    }),
  );
  expect(new Set(terms).size).toBe(4);
  expect(Math.min(...terms)).toBeGreaterThan(0);
});

function taskId(payload: string): string {
  return (JSON.parse(payload) as { headers: { id: string } }).headers.id;
}
