import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { storeOptions } from '../../../../src/config/service/store-options.ts';
import { openState } from '../../../../src/drivers/open-store.ts';
import type { StateStore } from '../../../../src/contracts/store/store.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { NEW_STATE } from '../../../support/change.ts';
import { runCommand } from '../../../support/command.ts';
import { Folder } from '../../../support/folder.ts';

const CONFIG = { resultExpires: null, beatSchedule: { hourly: { task: 't', schedule: 3_600 } } };

let folder: Folder;
let store: StateStore;
let flags: string[];
beforeEach(async () => {
  folder = new Folder({ 'beat.json': JSON.stringify(CONFIG) });
  const brokerUrl = `sqla+sqlite:///${folder.path}/beat.sqlite`;
  flags = ['-c', `${folder.path}/beat.json`, '-b', brokerUrl, '--no-wait'];
  store = await openState(storeOptions(resolveSettings({ brokerUrl }), systemClock));
  const stored = { dueAt: null, definition: '{"task":"t","schedule":60}' };
  const change = { entry: 'digest', before: null, after: NEW_STATE, messages: [], stored };
  await store.ledger.commit({ token: await store.ledger.beginTerm(), changes: [change] });
});
afterEach(async () => {
  await store.close();
  folder[Symbol.dispose]();
});

const INSTANT = 'expected an instant such as 2030-01-31T08:00:00Z (with Z or an offset), got "tomorrow"';
const YEAR_2020 = ['--from', '2020-01-01T00:00:00Z', '--to', '2020-02-01T00:00:00Z'];

test.each<[command: string, args: string[], message: string | RegExp]>([
  ['pause', ['hourly', '--until', 'tomorrow'], `--until: ${INSTANT}\n`],
  ['skip', ['hourly', '--due-at', 'tomorrow'], `--due-at: ${INSTANT}\n`],
  ['backfill', ['hourly', '--from', 'tomorrow', '--to', 'tomorrow'], `--from: ${INSTANT}\n`],
  [
    'backfill',
    ['hourly', '--from', '2020-01-02T00:00:00Z', '--to', '2020-01-01T00:00:00Z'],
    /^from \(2020-01-02T00:00:00\.000Z\) must be before to/,
  ],
  ['backfill', ['no-such', ...YEAR_2020], 'no entry "no-such"; beat list shows all entries\n'],
  ['run', ['x'.repeat(10_001)], /^entry: expected a text of 1 to 10,000 characters/],
  ['add', ['new', '--task', 't', '--schedule', 'often'], /^new\.schedule: expected/],
  ['add', ['new', '--task', 't', '--definition', '{}'], /unknown option/],
  ['update', ['digest', '--definition', '{"schedul": 5}'], /did you mean "schedule"\?/],
  ['update', ['digest', '--schedule', 'often'], /^digest\.schedule: expected/],
  ['update', ['digest'], /^beat update: name at least one field/],
])('beat %s: a mistake in the arguments ends with 2 and sends nothing: %j', async (command, args, message) => {
  const { code, stdout, stderr } = await runCommand(command, ...args, ...flags);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(await store.commands.pending(10)).toEqual([]);
});

test.each([
  ['pause', ['hourly', '--until', '2099-01-01T00:00:00+01:00'], { until: '2098-12-31T23:00:00.000Z' }],
  ['skip', ['hourly', '--due-at', '2099-01-01T00:00:00Z'], { dueAt: '2099-01-01T00:00:00.000Z' }],
  ['update', ['digest', '--schedule', '5m'], { definition: { schedule: '5m' } }],
  // The leader rejects it.
  ['update', ['no-such', '--schedule', '5m'], { definition: { schedule: '5m' } }],
])('beat %s: sends valid arguments to the leader: %j', async (command, args, fields) => {
  expect((await runCommand(command, ...args, ...flags)).code).toBe(0);
  const [pending] = await store.commands.pending(10);
  expect(JSON.parse(pending!.json!)).toMatchObject({ do: command, entry: args[0], ...fields });
});
