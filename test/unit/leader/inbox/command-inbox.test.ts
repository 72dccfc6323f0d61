import { boundLedger } from '../../../support/bound-ledger.ts';
import { expect, test } from 'vitest';
import { makeEntry } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';

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
